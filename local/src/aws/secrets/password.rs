//! Passwords by chance, as `GetRandomPassword` and `GenerateSecretString` make them.

use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde::Deserialize;

use super::error::SecretsError;

/// What a password is to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Wanted {
    /// How long; 32 when not said.
    pub password_length: Option<usize>,
    /// Characters it must not have.
    pub exclude_characters: String,
    /// No digits.
    pub exclude_numbers: bool,
    /// No punctuation.
    pub exclude_punctuation: bool,
    /// No capitals.
    pub exclude_uppercase: bool,
    /// No small letters.
    pub exclude_lowercase: bool,
    /// Spaces too.
    pub include_space: bool,
    /// One of each kind at least; so when not said.
    pub require_each_included_type: Option<bool>,
}

const LENGTH_DEFAULT: usize = 32;
const LENGTH_MAX: usize = 4_096;
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

impl Wanted {
    /// A new password.
    ///
    /// # Errors
    /// When there can be none: too long, too short for one of each kind, or nothing left to choose from.
    pub fn password(&self) -> Result<String, SecretsError> {
        let kinds = self.kinds();
        let length = self.password_length.unwrap_or(LENGTH_DEFAULT);
        let each = self.require_each_included_type.unwrap_or(true);
        if length == 0 || length > LENGTH_MAX || kinds.is_empty() || (each && length < kinds.len()) {
            return Err(SecretsError::InvalidParameter(
                "There is no password of these characters and length.".to_owned(),
            ));
        }
        let mut random = rand::rng();
        let pick = |from: &[char], random: &mut rand::rngs::ThreadRng| {
            *from.choose(random).expect("no kind is empty")
        };
        let mut password: Vec<char> = match each {
            true => kinds.iter().map(|it| pick(it, &mut random)).collect(),
            false => vec![],
        };
        let all: Vec<char> = kinds.concat();
        password.resize_with(length, || pick(&all, &mut random));
        password.shuffle(&mut random);
        Ok(password.into_iter().collect())
    }

    fn kinds(&self) -> Vec<Vec<char>> {
        let kinds: [(bool, Vec<char>); 5] = [
            (!self.exclude_lowercase, ('a'..='z').collect()),
            (!self.exclude_uppercase, ('A'..='Z').collect()),
            (!self.exclude_numbers, ('0'..='9').collect()),
            (!self.exclude_punctuation, PUNCTUATION.chars().collect()),
            (self.include_space, vec![' ']),
        ];
        let allowed =
            |kind: Vec<char>| kind.into_iter().filter(|it| !self.exclude_characters.contains(*it)).collect();
        let kinds = kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| allowed(kind));
        kinds.filter(|it: &Vec<char>| !it.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_one_of_each_kind_and_nothing_excluded() {
        for _ in 0..100 {
            let wanted = Wanted {
                password_length: Some(4),
                exclude_characters: "aB0!".to_owned(),
                ..Wanted::default()
            };
            let password = wanted.password().unwrap();
            assert_eq!(password.len(), 4);
            assert!(password.chars().any(|it| it.is_ascii_lowercase()), "{password}");
            assert!(password.chars().any(|it| it.is_ascii_uppercase()), "{password}");
            assert!(password.chars().any(|it| it.is_ascii_digit()), "{password}");
            assert!(password.chars().any(|it| it.is_ascii_punctuation()), "{password}");
            assert!(!password.contains(['a', 'B', '0', '!']), "{password}");
        }
    }

    #[test]
    fn a_password_of_nothing_is_refused() {
        let wanted = Wanted {
            exclude_numbers: true,
            exclude_punctuation: true,
            exclude_uppercase: true,
            exclude_lowercase: true,
            ..Wanted::default()
        };
        assert!(wanted.password().is_err());
        assert!(Wanted { password_length: Some(3), ..Wanted::default() }.password().is_err());
    }
}
