//! The packing slip: what lies in a parcel, for whoever packs it and whoever opens it. Without prices.

mod layout;

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::surface::Surface;
use penstock_application::checkout::Packed;

use crate::fonts::{DocumentError, Typefaces};
use crate::page::{self, HEIGHT, MARGIN, WIDTH, a4, rule, write, write_to};
use layout::{Block, LINE_HEIGHT, NAME_X, QUANTITY_END_X, SIZE, SKU_X, Sheet};

/// Its content type.
pub const CONTENT_TYPE: &str = "application/pdf";

const TITLE_SIZE: f32 = 20.0;
const SMALL_SIZE: f32 = 8.0;
const TITLE: &str = "Packing slip";

/// Where a parcel's slip is kept: `tenant=acme/order=…/shipment=….pdf`.
pub fn key(packed: &Packed) -> String {
    let Packed { tenant, order, shipment, .. } = packed;
    format!("tenant={tenant}/order={order}/shipment={shipment}.pdf")
}

/// The slip as PDF. The same parcel makes the same bytes.
///
/// # Errors
/// When it cannot be written, which is a mistake of ours.
pub fn pdf(packed: &Packed) -> Result<Vec<u8>, DocumentError> {
    let typefaces = Typefaces::load()?;
    let sheets = layout::sheets(packed, &typefaces);
    let mut document = Document::new();
    let title = format!("{TITLE} {}", packed.order);
    document.set_metadata(Metadata::new().title(title).creator("Penstock".to_owned()));
    for (number, sheet) in sheets.iter().enumerate() {
        let mut page = document.start_page_with(a4());
        let mut surface = page.surface();
        draw(&mut surface, &typefaces, sheet);
        foot(&mut surface, &typefaces, packed, (number + 1, sheets.len()));
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| DocumentError::Pdf(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, typefaces: &Typefaces, sheet: &Sheet) {
    for (y, block) in &sheet.blocks {
        match block {
            Block::Title => write(surface, &typefaces.bold, TITLE_SIZE, (MARGIN, *y), TITLE),
            Block::Text(text) => write(surface, &typefaces.regular, SIZE, (MARGIN, *y), text),
            Block::Label(text) => write(surface, &typefaces.bold, SIZE, (MARGIN, *y), text),
            Block::Columns => columns(surface, typefaces, *y),
            Block::Row { quantity, sku, name } => row(surface, typefaces, *y, quantity, sku, name),
        }
    }
}

fn columns(surface: &mut Surface<'_>, typefaces: &Typefaces, y: f32) {
    write_to(surface, &typefaces.bold, SIZE, (QUANTITY_END_X, y), "Units");
    write(surface, &typefaces.bold, SIZE, (SKU_X, y), "Item");
    write(surface, &typefaces.bold, SIZE, (NAME_X, y), "Name");
    rule(surface, y + LINE_HEIGHT / 3.0);
}

fn row(
    surface: &mut Surface<'_>,
    typefaces: &Typefaces,
    y: f32,
    quantity: &str,
    sku: &[String],
    name: &[String],
) {
    write_to(surface, &typefaces.regular, SIZE, (QUANTITY_END_X, y), quantity);
    for (x, lines) in [(SKU_X, sku), (NAME_X, name)] {
        let mut below = y;
        for line in lines {
            write(surface, &typefaces.regular, SIZE, (x, below), line);
            below += LINE_HEIGHT;
        }
    }
}

fn foot(surface: &mut Surface<'_>, typefaces: &Typefaces, packed: &Packed, (page, pages): (usize, usize)) {
    let y = HEIGHT - MARGIN + page::FOOT_BELOW;
    write(surface, &typefaces.regular, SMALL_SIZE, (MARGIN, y), &format!("Order {}", packed.order));
    let page = format!("Page {page} of {pages}");
    write_to(surface, &typefaces.regular, SMALL_SIZE, (WIDTH - MARGIN, y), &page);
}

#[cfg(test)]
mod tests;
