//! Documents on paper, as PDF.
//!
//! The same facts make the same bytes: a document holds no date of its own, so that writing it twice is writing it once. Letters that
//! DejaVu does not have (Chinese, Japanese, Korean) are printed as boxes.

mod fonts;
pub mod packing_slip;
mod page;

pub use fonts::DocumentError;
