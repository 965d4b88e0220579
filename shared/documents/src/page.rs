//! A sheet of A4, and text on it.

use krilla::geom::{PathBuilder, Point, Rect};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::TextDirection;

use crate::fonts::Typeface;

/// A4 in points. Source: ISO 216; a point is 1/72 inch.
pub(crate) const WIDTH: f32 = 595.28;
pub(crate) const HEIGHT: f32 = 841.89;
/// What printers leave blank, and some more.
pub(crate) const MARGIN: f32 = 50.0;

/// How far below the text the foot stands.
pub(crate) const FOOT_BELOW: f32 = 20.0;

/// The settings of a sheet.
pub(crate) fn a4() -> PageSettings {
    PageSettings::from_wh(WIDTH, HEIGHT).expect("A4 has a size")
}

/// Writes a text whose baseline begins there.
pub(crate) fn write(surface: &mut Surface<'_>, typeface: &Typeface, size: f32, at: (f32, f32), text: &str) {
    surface.set_fill(Some(Fill::default()));
    surface.draw_text(
        Point::from_xy(at.0, at.1),
        typeface.font.clone(),
        size,
        text,
        false,
        TextDirection::Auto,
    );
}

/// Writes a text that ends there.
pub(crate) fn write_to(
    surface: &mut Surface<'_>,
    typeface: &Typeface,
    size: f32,
    end: (f32, f32),
    text: &str,
) {
    write(surface, typeface, size, (end.0 - typeface.width(text, size), end.1), text);
}

/// Draws a thin line from margin to margin.
pub(crate) fn rule(surface: &mut Surface<'_>, y: f32) {
    let line = Rect::from_xywh(MARGIN, y, WIDTH - 2.0 * MARGIN, 0.5).expect("it has a size");
    let mut path = PathBuilder::new();
    path.push_rect(line);
    surface.set_fill(Some(Fill::default()));
    surface.draw_path(&path.finish().expect("it is a path"));
}
