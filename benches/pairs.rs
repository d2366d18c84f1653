//! Two variants timed in turn, and what one costs beside the other.

#![allow(missing_docs, clippy::print_stdout)]

/// Times both once a round, the one that begins changing from round to round, so that a busy machine slows both; prints lowest and
/// median of each and the median of the ratios of each round. `timed` is asked with false for the first of them, true for the second, and
/// answers in nanoseconds; what it answers first of each is not counted.
pub fn compare(what: &str, rounds: usize, mut timed: impl FnMut(bool) -> f64) {
    for which in [false, true] {
        timed(which);
    }
    let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let first = round % 2 == 1;
        let (one, other) = (timed(first), timed(!first));
        let (a, b) = if first { (other, one) } else { (one, other) };
        without.push(a);
        with.push(b);
        ratios.push(b / a);
    }
    let median = |list: &mut Vec<f64>| {
        list.sort_by(f64::total_cmp);
        list[list.len() / 2]
    };
    let middle = [median(&mut without), median(&mut with), median(&mut ratios)];
    println!(
        "{what:<16} off {:.0} / {:.0}, then {:.0} / {:.0}, ratio {:.3} (lowest to lowest {:.3})",
        without[0],
        middle[0],
        with[0],
        middle[1],
        middle[2],
        with[0] / without[0]
    );
}
