//! The fonts, and how wide text is in them.

use krilla::text::Font;
use ttf_parser::Face;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A font of ours cannot be read.
    #[error("the font {0} cannot be read")]
    Font(&'static str),
    /// The PDF could not be written.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// A font to draw with and to measure by.
pub(crate) struct Typeface {
    pub(crate) font: Font,
    face: Face<'static>,
}

/// The fonts of a document.
pub(crate) struct Typefaces {
    pub(crate) regular: Typeface,
    pub(crate) bold: Typeface,
}

impl Typefaces {
    pub(crate) fn load() -> Result<Self, DocumentError> {
        Ok(Self {
            regular: Typeface::load("DejaVu Sans", dejavu::sans::regular())?,
            bold: Typeface::load("DejaVu Sans Bold", dejavu::sans::bold())?,
        })
    }
}

impl Typeface {
    fn load(name: &'static str, bytes: &'static [u8]) -> Result<Self, DocumentError> {
        let font = Font::new(bytes.into(), 0).ok_or(DocumentError::Font(name))?;
        let face = Face::parse(bytes, 0).map_err(|_| DocumentError::Font(name))?;
        Ok(Self { font, face })
    }

    /// How wide a text is, in points. Kerning, which only makes it narrower here, is not counted.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let units: u32 = text.chars().map(|it| u32::from(self.advance(it))).sum();
        #[expect(clippy::cast_precision_loss, reason = "a line is some thousand units wide")]
        let units = units as f32;
        units * size / f32::from(self.face.units_per_em())
    }

    /// The lines that a text takes in so much width: broken at spaces, and within a word that is too long for a line.
    pub(crate) fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let line = lines.last_mut().expect("it begins with a line");
            let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&joined, size) <= width {
                *line = joined;
                continue;
            }
            if line.is_empty() {
                lines.pop();
            }
            lines.extend(self.cut(word, size, width));
        }
        lines
    }

    /// A word in pieces that fit, none of them empty.
    fn cut(&self, word: &str, size: f32, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for letter in word.chars() {
            let piece = pieces.last_mut().expect("it begins with a piece");
            let longer = format!("{piece}{letter}");
            if piece.is_empty() || self.width(&longer, size) <= width {
                *piece = longer;
            } else {
                pieces.push(letter.to_string());
            }
        }
        pieces
    }

    fn advance(&self, letter: char) -> u16 {
        let glyph = self.face.glyph_index(letter).unwrap_or_default();
        self.face.glyph_hor_advance(glyph).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    const SIZE: f32 = 10.0;
    const WIDTH: f32 = 80.0;
    static REGULAR: LazyLock<Typeface> = LazyLock::new(|| Typefaces::load().unwrap().regular);

    proptest! {
        #[test]
        fn a_wrapped_text_fits_and_loses_nothing(text in "[a-zA-Zäß 世]{0,120}") {
            let lines = REGULAR.wrap(&text, SIZE, WIDTH);
            prop_assert!(lines.iter().all(|line| REGULAR.width(line, SIZE) <= WIDTH), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|it| !it.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }

    #[test]
    fn a_text_is_broken_at_spaces() {
        assert_eq!(REGULAR.wrap("heart of a white lantern", SIZE, WIDTH), ["heart of a white", "lantern"]);
        assert_eq!(REGULAR.wrap("", SIZE, WIDTH), [""]);
    }
}
