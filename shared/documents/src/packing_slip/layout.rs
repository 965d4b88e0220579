//! What stands where on which sheet.

use penstock_application::checkout::Packed;
use penstock_domain::order::{Address, Line};

use crate::fonts::Typefaces;
use crate::page::{HEIGHT, MARGIN, WIDTH};

pub(super) const SIZE: f32 = 10.0;
pub(super) const LINE_HEIGHT: f32 = 14.0;
/// Between rows, so that a name of two lines is seen to be one row.
const ROW_GAP: f32 = 4.0;
/// Between what belongs together and what follows.
const BLOCK_GAP: f32 = 14.0;

pub(super) const QUANTITY_END_X: f32 = MARGIN + 40.0;
pub(super) const SKU_X: f32 = MARGIN + 55.0;
pub(super) const NAME_X: f32 = MARGIN + 175.0;
const SKU_WIDTH: f32 = NAME_X - SKU_X - 10.0;
const NAME_WIDTH: f32 = WIDTH - MARGIN - NAME_X;

/// A sheet: what stands on it, with the height of its first baseline.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) blocks: Vec<(f32, Block)>,
}

/// Something that is not torn apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    Title,
    Label(String),
    Text(String),
    /// The names of the columns.
    Columns,
    Row {
        quantity: String,
        sku: Vec<String>,
        name: Vec<String>,
    },
}

impl Block {
    fn height(&self) -> f32 {
        let lines = match self {
            Self::Row { sku, name, .. } => sku.len().max(name.len()),
            Self::Title => 2,
            Self::Label(_) | Self::Text(_) | Self::Columns => 1,
        };
        #[expect(clippy::cast_precision_loss, reason = "a name has some lines")]
        let lines = lines as f32;
        let gap = if matches!(self, Self::Row { .. } | Self::Columns) { ROW_GAP } else { 0.0 };
        lines * LINE_HEIGHT + gap
    }
}

/// The sheets of a parcel's slip: the columns are named on each.
pub(super) fn sheets(packed: &Packed, typefaces: &Typefaces) -> Vec<Sheet> {
    let mut paper = Paper { sheets: vec![Sheet::default()], y: MARGIN + LINE_HEIGHT };
    for block in head(packed, typefaces) {
        paper.put(block);
    }
    paper.y += BLOCK_GAP;
    paper.put(Block::Columns);
    for line in &packed.lines {
        let row = row(line, typefaces);
        if !paper.fits(&row) {
            paper.turn();
            paper.put(Block::Columns);
        }
        paper.put(row);
    }
    paper.sheets
}

struct Paper {
    sheets: Vec<Sheet>,
    y: f32,
}

impl Paper {
    fn fits(&self, block: &Block) -> bool {
        self.y - LINE_HEIGHT + block.height() <= HEIGHT - MARGIN
    }

    fn turn(&mut self) {
        self.sheets.push(Sheet::default());
        self.y = MARGIN + LINE_HEIGHT;
    }

    /// Puts a block where the last one ended, on the next sheet when it does not fit on this one.
    fn put(&mut self, block: Block) {
        if !self.fits(&block) {
            self.turn();
        }
        let (y, height) = (self.y, block.height());
        self.sheets.last_mut().expect("there is a first sheet").blocks.push((y, block));
        self.y = y + height;
    }
}

fn head(packed: &Packed, typefaces: &Typefaces) -> Vec<Block> {
    let texts = [
        format!("From {}", packed.tenant),
        format!("Order {}", packed.order),
        format!("Shipment {}", packed.shipment),
        String::new(),
    ];
    let mut blocks = vec![Block::Title];
    blocks.extend(texts.map(Block::Text));
    blocks.push(Block::Label("Ship to".to_owned()));
    let address = packed.to.as_ref().map(lines_of).unwrap_or_default();
    for line in packed.recipient.iter().chain(&address) {
        let wrapped = typefaces.regular.wrap(line, SIZE, WIDTH - 2.0 * MARGIN);
        blocks.extend(wrapped.into_iter().map(Block::Text));
    }
    blocks
}

fn lines_of(address: &Address) -> Vec<String> {
    let Address { lines, city, postal_code, country } = address;
    let city = postal_code.iter().chain([city]).map(String::as_str).collect::<Vec<_>>().join(" ");
    lines.iter().cloned().chain([city, country.clone()]).filter(|line| !line.trim().is_empty()).collect()
}

fn row(line: &Line, typefaces: &Typefaces) -> Block {
    let regular = &typefaces.regular;
    Block::Row {
        quantity: line.quantity.to_string(),
        sku: regular.wrap(&line.sku, SIZE, SKU_WIDTH),
        name: regular.wrap(&line.name, SIZE, NAME_WIDTH),
    }
}
