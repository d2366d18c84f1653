//! Every flipped bit and every cut is found, in every kind of backup.

use super::*;
use crate::support::refusal;

fn rounds(default: usize) -> usize {
    std::env::var("RPMADB_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(default)
}

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let scene = scene();
    let (secret, recipient, _) = identity(&scene.scratch);
    let keys = format!(r#"{{"identities": ["{secret}"], "depth": "pages"}}"#);
    let plain = scene.backup("{}");
    scene.query("UPDATE plain SET a = 'other' WHERE id % 50 = 0");
    let kinds = [
        plain,
        scene.backup(r#"{"compress": true}"#),
        scene.backup(&format!(r#"{{"encrypt_to": "{recipient}"}}"#)),
        scene.backup(&format!(r#"{{"encrypt_to": "{recipient}", "compress": true}}"#)),
        scene.backup(r#"{"incremental": true}"#),
    ];
    let seed = 20_261_122;
    let mut random = Random(seed);
    for path in &kinds {
        scene.verify(path, &keys).expect("is sound before");
        let whole = std::fs::read(path).expect("reads");
        for round in 0..rounds(40) {
            let mut bytes = whole.clone();
            if round % 4 == 3 {
                bytes.truncate(random.below(whole.len()));
            } else {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            std::fs::write(path, &bytes).expect("writes");
            let outcome = scene.verify(path, &keys);
            assert!(outcome.is_err(), "seed {seed}, round {round} of {path:?} was not found");
        }
        std::fs::write(path, [&whole[..], b"x"].concat()).expect("writes");
        assert_eq!(refusal(scene.verify(path, &keys)), "BACKUP_INVALID", "a byte more");
        std::fs::write(path, &whole).expect("writes");
        scene.verify(path, &keys).expect("is sound again");
    }
}

#[test]
fn a_changed_manifest_is_found() {
    let scene = scene();
    let path = scene.backup("{}");
    let manifest_path = format!("{}.manifest.json", path.display());
    let text = std::fs::read_to_string(&manifest_path).expect("reads");
    for (from, to) in [
        (r#""plain":601"#, r#""plain":600"#),
        (r#""verified""#, ""),
        (r#""schema_version":2"#, r#""schema_version":1"#),
    ] {
        if text.contains(from) {
            std::fs::write(&manifest_path, text.replace(from, to)).expect("writes");
            assert_eq!(refusal(scene.verify(&path, "{}")), "BACKUP_INVALID", "{from}");
        }
    }
    std::fs::remove_file(&manifest_path).expect("removes");
    assert_eq!(refusal(scene.verify(&path, "{}")), "BACKUP_INVALID");
    let backups = scene.database.backups(&watch()).expect("lists");
    assert!(backups.backups.is_empty(), "without its manifest it does not count");
    assert_eq!(backups.incomplete, [text_of(&path)]);
}

fn text_of(path: &Path) -> String {
    text(path)
}

#[test]
fn a_damaged_page_is_named_with_its_table_or_index() {
    let scene = scene();
    let path = scene.backup("{}");
    let of = |name: &str| -> u32 {
        let sql = format!("SELECT pageno FROM dbstat WHERE name = '{name}' AND pagetype = 'leaf' LIMIT 1");
        rusqlite::Connection::open(&path).expect("opens").query_row(&sql, [], |row| row.get(0)).expect("a page")
    };
    let whole = std::fs::read(&path).expect("reads");
    for (name, wanted) in [("plain", "(table plain)"), ("plain_a", "(index plain_a)"), ("keyed", "(table keyed)")] {
        let page = of(name);
        let mut bytes = whole.clone();
        bytes[(page as usize - 1) * 4096 + 2000] ^= 0x10;
        std::fs::write(&path, &bytes).expect("writes");
        let error = scene.verify(&path, "{}").expect_err("is found").to_string();
        assert!(error.contains(&format!("page {page} {wanted}")), "{error}");
        std::fs::write(&path, &whole).expect("writes");
    }
}

#[test]
fn a_manifest_with_figures_that_cannot_be_is_refused_at_once() {
    let scene = scene();
    let path = scene.backup("{}");
    let manifest_path = format!("{}.manifest.json", path.display());
    let whole: Json = serde_json::from_str(&std::fs::read_to_string(&manifest_path).expect("reads")).expect("JSON");
    for (key, value) in
        [("page_size", 4_294_967_295_u64), ("page_size", 0), ("page_size", 4_095), ("stored_pages", 4_294_967_295)]
    {
        let mut manifest = whole.clone();
        manifest["manifest"][key] = value.into();
        let covered = format!(
            "{}\n{}\n{}",
            manifest["manifest"],
            manifest["pages"]["every"],
            manifest["pages"]["root"].as_str().expect("hex")
        );
        // why sealed anew: whoever has no key can do that
        manifest["seal"]["hash"] = blake3::hash(covered.as_bytes()).to_hex().to_string().into();
        std::fs::write(&manifest_path, manifest.to_string()).expect("writes");
        assert_eq!(refusal(scene.verify(&path, "{}")), "BACKUP_INVALID", "{key} {value}");
    }
    std::fs::write(&manifest_path, whole.to_string()).expect("writes");
    scene.verify(&path, "{}").expect("is sound");
}
