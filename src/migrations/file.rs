//! A migration file's name, and what it says about the file.
//!
//! Leaves to others: reading files and comparing versions (`set.rs`).
//!
//! Invariant: a name is either understood, deliberately passed over, or an error; no file is ignored by accident.

/// What a file in a migrations folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// `NNN_name.sql`.
    Up { version: i64, name: String },
    /// `NNN_name.down.sql`.
    Down { version: i64, name: String },
    /// `NNN_name.lua`.
    Lua { version: i64, name: String },
    /// `R_name.sql`.
    Repeatable { name: String },
    /// Hidden, or documentation.
    Ignored,
}

/// Understands a file name, or says what is wrong with it.
pub(super) fn role(file: &str) -> Result<Role, String> {
    if file.starts_with('.') || file.ends_with(".md") {
        return Ok(Role::Ignored);
    }
    let Some((number, rest)) = file.split_once('_') else {
        return Err(format!("the file name '{file}' fits no pattern"));
    };
    if number == "R" {
        return match rest.strip_suffix(".sql").filter(|name| is_name(name) && !name.ends_with(".down")) {
            Some(name) => Ok(Role::Repeatable { name: name.to_owned() }),
            None => Err(format!("the file name '{file}' fits no pattern")),
        };
    }
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("the file name '{file}' does not begin with a version number"));
    }
    let version = match number.parse::<i64>() {
        Ok(0) => return Err(format!("the file '{file}' has version 0; versions begin at 1")),
        Ok(version) => version,
        Err(_) => return Err(format!("the version of '{file}' is too large")),
    };
    let (name, build): (_, fn(i64, String) -> Role) = if let Some(name) = rest.strip_suffix(".down.sql") {
        (name, |version, name| Role::Down { version, name })
    } else if let Some(name) = rest.strip_suffix(".sql") {
        (name, |version, name| Role::Up { version, name })
    } else if let Some(name) = rest.strip_suffix(".lua") {
        (name, |version, name| Role::Lua { version, name })
    } else {
        return Err(format!("the file '{file}' is neither .sql nor .lua"));
    };
    if !is_name(name) {
        return Err(format!("the file '{file}' has no name after its version"));
    }
    Ok(build(version, name.to_owned()))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood() {
        let up = |version, name: &str| Ok(Role::Up { version, name: name.into() });
        assert_eq!(role("001_users.sql"), up(1, "users"));
        assert_eq!(role("20260101120000_a_b-c.sql"), up(20_260_101_120_000, "a_b-c"));
        assert_eq!(role("7_x.down.sql"), Ok(Role::Down { version: 7, name: "x".into() }));
        assert_eq!(role("7_x.lua"), Ok(Role::Lua { version: 7, name: "x".into() }));
        assert_eq!(role("R_view.sql"), Ok(Role::Repeatable { name: "view".into() }));
        assert_eq!(role("README.md"), Ok(Role::Ignored));
        assert_eq!(role(".keep"), Ok(Role::Ignored));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for bad in [
            "users.sql",
            "001.sql",
            "001_.sql",
            "_x.sql",
            "1a_x.sql",
            "000_x.sql",
            "99999999999999999999_x.sql",
            "001_x.txt",
            "001_x.sql.bak",
            "R_.sql",
            "R_x.lua",
            "R_x.down.sql",
            "r_x.sql",
            "-1_x.sql",
            "001-x.sql",
        ] {
            let refusal = role(bad).expect_err(bad);
            assert!(refusal.contains(bad), "{refusal}");
        }
    }
}
