//! What a file's name says in each style.
//!
//! Leaves to others: the text of the files, and which style it is.
//!
//! Invariants: a name is understood, passed over, or refused with a reason; a version is a whole number from 1.

use super::Style;
use crate::migrations::file::{self, Role};

/// What a file is by its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A step of a migration.
    Step(Role),
    /// Settings for the files named, the first of which has to be there.
    Settings { of: Vec<String> },
}

/// Hidden, or documentation: no style looks at it.
pub(super) fn is_passed_over(file: &str) -> bool {
    file.split('/').any(|part| part.starts_with('.')) || file.ends_with(".md")
}

/// Understands a path of a folder in this style, or says what is wrong with it.
pub(super) fn named(style: Style, file: &str) -> Result<Named, String> {
    match style {
        Style::Diesel | Style::RusqliteMigration => return in_folder(style, file),
        _ if file.contains('/') => {
            return Err(format!("'{file}' stands in a subfolder, which the style '{}' does not have", style.name()));
        }
        Style::Rpmadb | Style::Auto => return file::role(file).map(Named::Step),
        _ => {}
    }
    if is_code(file) {
        return Err(format!("'{file}' is program code, which cannot be run from here; make it a step in code"));
    }
    match style {
        Style::Flyway | Style::Refinery => prefixed(style, file),
        Style::Dbmate => {
            let (digits, rest) = digits(file);
            let Some(name) = rest.strip_suffix(".sql") else { return Err(unfit(style, file)) };
            let version = version(file, digits)?;
            Ok(Named::Step(Role::Up { version, name: name_of(file, name.strip_prefix('_').unwrap_or(name))? }))
        }
        _ => numbered(style, file),
    }
}

/// By what text the style's own tool orders its files.
pub(super) fn text_order(style: Style, file: &str) -> String {
    match style {
        Style::Diesel => file.split(['_', '/']).next().unwrap_or(file).replace('-', ""),
        _ => file.to_owned(),
    }
}

/// The leading digits, and what follows them.
pub(super) fn digits(name: &str) -> (&str, &str) {
    name.split_at(name.bytes().take_while(u8::is_ascii_digit).count())
}

/// `V1__name.sql` and its kin.
fn prefixed(style: Style, file: &str) -> Result<Named, String> {
    if style == Style::Flyway
        && let Some(of) = file.strip_suffix(".conf").filter(|of| of.ends_with(".sql"))
    {
        prefixed(style, of)?;
        return Ok(Named::Settings { of: vec![of.to_owned()] });
    }
    let Some((head, name)) = file.strip_suffix(".sql").and_then(|stem| stem.split_once("__")) else {
        return Err(unfit(style, file));
    };
    let Some(prefix @ ('V' | 'U' | 'R' | 'B')) = head.chars().next() else { return Err(unfit(style, file)) };
    let number = &head[1..];
    if prefix == 'R' && style == Style::Flyway {
        return match number {
            "" => Ok(Named::Step(Role::Repeatable { name: name_of(file, name)? })),
            _ => Err(format!("'{file}' is repeatable and has a version; its name begins with R__")),
        };
    }
    if prefix == 'B' && style == Style::Flyway {
        return Err(format!(
            "'{file}' is a baseline, which stands for other files; remove it, and call baseline instead"
        ));
    }
    if matches!(prefix, 'R' | 'B') {
        return Err(unfit(style, file));
    }
    if number.contains(['.', '_']) && number.split(['.', '_']).all(|part| digits(part) == (part, "")) {
        return Err(format!("the version '{number}' of '{file}' has several parts; versions here are whole numbers"));
    }
    let (version, name) = (version(file, number)?, name_of(file, name)?);
    Ok(Named::Step(match prefix {
        'U' if style == Style::Flyway => Role::Down { version, name },
        _ => Role::Up { version, name },
    }))
}

/// `NNN_name.sql`, `NNN_name.up.sql`, `NNN_name.down.sql`, as far as the style has them.
fn numbered(style: Style, file: &str) -> Result<Named, String> {
    let (Some((number, rest)), true) = (file.split_once('_'), file.ends_with(".sql")) else {
        return Err(unfit(style, file));
    };
    let has_directions = style != Style::Goose;
    let role: fn(i64, String) -> Role;
    let name;
    if let Some(up) = rest.strip_suffix(".up.sql").filter(|_| has_directions) {
        (name, role) = (up, |version, name| Role::Up { version, name });
    } else if let Some(down) = rest.strip_suffix(".down.sql").filter(|_| has_directions) {
        (name, role) = (down, |version, name| Role::Down { version, name });
    } else if let Some(plain) = rest.strip_suffix(".sql").filter(|_| style != Style::GolangMigrate) {
        (name, role) = (plain, |version, name| Role::Up { version, name });
    } else {
        return Err(format!("'{file}' says neither .up.sql nor .down.sql"));
    }
    Ok(Named::Step(role(version(file, number)?, name_of(file, name)?)))
}

/// `2019-01-01-000000_name/up.sql` and `01-name/up.sql`.
fn in_folder(style: Style, file: &str) -> Result<Named, String> {
    let Some((folder, leaf)) = file.split_once('/') else {
        return Err(format!("'{file}' stands in no folder; the style '{}' has one folder a migration", style.name()));
    };
    let separator = if style == Style::Diesel { '_' } else { '-' };
    let Some((number, name)) = folder.split_once(separator) else {
        return Err(format!("the folder name '{folder}' is not a version, '{separator}' and a name"));
    };
    let number = if style == Style::Diesel { number.replace('-', "") } else { number.to_owned() };
    let (version, name) = (version(folder, &number)?, name_of(folder, name)?);
    match leaf {
        "up.sql" => Ok(Named::Step(Role::Up { version, name })),
        "down.sql" => Ok(Named::Step(Role::Down { version, name })),
        "metadata.toml" if style == Style::Diesel => {
            Ok(Named::Settings { of: vec![format!("{folder}/up.sql"), format!("{folder}/down.sql")] })
        }
        _ => Err(format!("'{file}' is neither up.sql nor down.sql")),
    }
}

fn is_code(file: &str) -> bool {
    [".go", ".rs", ".java", ".kt", ".py", ".sh"].iter().any(|extension| file.ends_with(extension))
}

fn unfit(style: Style, file: &str) -> String {
    format!("the file name '{file}' fits no pattern of the style '{}'", style.name())
}

fn version(of: &str, number: &str) -> Result<i64, String> {
    if number.is_empty() || digits(number) != (number, "") {
        return Err(format!("the version '{number}' of '{of}' is not a number"));
    }
    match number.parse() {
        Ok(0) => Err(format!("'{of}' has version 0; versions begin at 1")),
        Ok(version) => Ok(version),
        Err(_) => Err(format!("the version of '{of}' is too large")),
    }
}

fn name_of(of: &str, name: &str) -> Result<String, String> {
    match name.is_empty() || name.contains(char::is_control) {
        true => Err(format!("'{of}' has no name after its version")),
        false => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{refusal, shown};
    use super::*;

    #[test]
    fn flyway_counts_undoes_and_repeats() {
        let files = [
            ("V1__create_users.sql", "SELECT 1;"),
            ("U1__create_users.sql", "SELECT 2;"),
            ("V20260101120000__a__b c.sql", "VACUUM;"),
            ("V20260101120000__a__b c.sql.conf", "# why: VACUUM\nexecuteInTransaction=false\n"),
            ("R__view.sql", "SELECT 3;"),
            ("README.md", ""),
        ];
        assert_eq!(
            shown(Style::Flyway, &files),
            [
                "up 1 create_users in V1__create_users.sql",
                "down 1 create_users in U1__create_users.sql",
                "up 20260101120000 a__b c in V20260101120000__a__b c.sql !",
                "repeat view in R__view.sql",
            ]
        );
    }

    #[test]
    fn what_flyway_has_and_we_have_not_is_refused_with_its_reason() {
        for (file, reason) in [
            ("V1.1__x.sql", "the version '1.1' of 'V1.1__x.sql' has several parts"),
            ("V1_2_3__x.sql", "the version '1_2_3' of 'V1_2_3__x.sql' has several parts"),
            ("V__x.sql", "the version '' of 'V__x.sql' is not a number"),
            ("V1a__x.sql", "the version '1a'"),
            ("V0__x.sql", "version 0"),
            ("V99999999999999999999__x.sql", "too large"),
            ("V1__.sql", "has no name"),
            ("V1_x.sql", "fits no pattern of the style 'flyway'"),
            ("R1__x.sql", "is repeatable and has a version"),
            ("B5__x.sql", "is a baseline"),
            ("beforeMigrate.sql", "fits no pattern"),
            ("V2__x.java", "is program code"),
            ("V3__x.sql.conf", "belongs to 'V3__x.sql', which is not there"),
            ("é__x.sql", "fits no pattern"),
            ("sub/V1__x.sql", "stands in a subfolder"),
        ] {
            let (message, place) = refusal(Style::Flyway, &[(file, "")]);
            assert!(message.contains(reason), "{file}: {message}");
            assert_eq!(place.file.as_deref(), Some(file));
        }
    }

    #[test]
    fn refinery_goes_up_with_u_too() {
        let files = [("V1__a.sql", "SELECT 1;"), ("U2__late.sql", "SELECT 2;")];
        assert_eq!(shown(Style::Refinery, &files), ["up 1 a in V1__a.sql", "up 2 late in U2__late.sql"]);
        assert!(refusal(Style::Refinery, &[("V2__b.rs", "")]).0.contains("is program code"));
        assert!(refusal(Style::Refinery, &[("R__b.sql", "")]).0.contains("fits no pattern of the style 'refinery'"));
        assert!(refusal(Style::Refinery, &[("U0__b.sql", "")]).0.contains("version 0"));
    }

    #[test]
    fn golang_migrate_names_the_direction() {
        let files = [("000001_a.b.up.sql", "SELECT 1;"), ("000001_a.b.down.sql", "SELECT 2;")];
        assert_eq!(
            shown(Style::GolangMigrate, &files),
            ["up 1 a.b in 000001_a.b.up.sql", "down 1 a.b in 000001_a.b.down.sql"]
        );
        let refused = |file| refusal(Style::GolangMigrate, &[(file, "")]).0;
        assert!(refused("1_a.sql").contains("neither .up.sql nor .down.sql"));
        assert!(refused("1_.up.sql").contains("no name"));
        assert!(refused("x_a.up.sql").contains("the version 'x' of"));
        assert!(refused("1_a.up.json").contains("fits no pattern of the style 'golang-migrate'"));
    }

    #[test]
    fn sqlx_takes_plain_and_reversible_files() {
        let files = [
            ("20260101000000_a.sql", "-- no-transaction\nVACUUM;"),
            ("20260102000000_b.up.sql", "SELECT 1; -- no-transaction"),
            ("20260102000000_b.down.sql", "SELECT 2;"),
        ];
        assert_eq!(
            shown(Style::Sqlx, &files),
            [
                "up 20260101000000 a in 20260101000000_a.sql !",
                "up 20260102000000 b in 20260102000000_b.up.sql",
                "down 20260102000000 b in 20260102000000_b.down.sql",
            ]
        );
        assert!(refusal(Style::Sqlx, &[("users.sql", "")]).0.contains("fits no pattern of the style 'sqlx'"));
        assert!(refusal(Style::Sqlx, &[("1_a/up.sql", "")]).0.contains("stands in a subfolder"));
    }

    #[test]
    fn dbmate_needs_no_underscore() {
        let named = |file| named(Style::Dbmate, file);
        let up = |version, name: &str| Ok(Named::Step(Role::Up { version, name: name.into() }));
        assert_eq!(named("20260101120000_users.sql"), up(20_260_101_120_000, "users"));
        assert_eq!(named("7users.sql"), up(7, "users"));
        assert!(named("7.sql").is_err_and(|reason| reason.contains("no name")));
        assert!(named("users.sql").is_err_and(|reason| reason.contains("the version '' of")));
        assert!(named("7_a.txt").is_err_and(|reason| reason.contains("fits no pattern")));
    }

    #[test]
    fn diesel_numbers_its_folders_by_date() {
        let files = [
            ("2019-01-01-000000_users/up.sql", "SELECT 1;"),
            ("2019-01-01-000000_users/down.sql", "SELECT 2;"),
            ("2024-05-06-101112-0000_x-y_z/up.sql", "SELECT 3;"),
            ("2024-05-06-101112-0000_x-y_z/metadata.toml", "run_in_transaction = false"),
            ("2024-05-06-101112-0000_x-y_z/.gitkeep", ""),
            (".diesel_lock", ""),
        ];
        assert_eq!(
            shown(Style::Diesel, &files),
            [
                "up 20190101000000 users in 2019-01-01-000000_users/up.sql",
                "down 20190101000000 users in 2019-01-01-000000_users/down.sql",
                "up 202405061011120000 x-y_z in 2024-05-06-101112-0000_x-y_z/up.sql !",
            ]
        );
        for (file, reason) in [
            ("00000000000000_diesel_initial_setup/up.sql", "version 0"),
            ("2024-05-06-101112-000a_x/up.sql", "the version '20240506101112000a'"),
            ("2024-05-06/up.sql", "is not a version, '_' and a name"),
            ("1_x/up.txt", "neither up.sql nor down.sql"),
            ("1_x/deep/up.sql", "neither up.sql nor down.sql"),
            ("1_x/metadata.toml", "belongs to '1_x/up.sql', which is not there"),
            ("1_x.sql", "stands in no folder"),
        ] {
            let (message, place) = refusal(Style::Diesel, &[(file, "")]);
            assert!(message.contains(reason), "{file}: {message}");
            assert_eq!(place.file.as_deref(), Some(file));
        }
    }

    #[test]
    fn rusqlite_migration_numbers_its_folders_from_one() {
        let files = [("01-friend_car/up.sql", "SELECT 1;"), ("02-b-c/up.sql", "S"), ("02-b-c/down.sql", "S")];
        assert_eq!(
            shown(Style::RusqliteMigration, &files),
            ["up 1 friend_car in 01-friend_car/up.sql", "up 2 b-c in 02-b-c/up.sql", "down 2 b-c in 02-b-c/down.sql"]
        );
        let refused = |file| refusal(Style::RusqliteMigration, &[(file, "")]).0;
        assert!(refused("00-x/up.sql").contains("version 0"));
        assert!(refused("x-y/up.sql").contains("the version 'x'"));
        assert!(refused("1-x/metadata.toml").contains("neither up.sql nor down.sql"));
    }
}
