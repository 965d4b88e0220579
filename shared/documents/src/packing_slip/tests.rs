use lopdf::Document as Parsed;
use penstock_domain::order::{Address, Line};
use penstock_domain::{Currency, Money, OrderId, ProductId, ShipmentId};
use uuid::Uuid;

use super::*;

#[test]
fn a_slip_says_what_is_in_the_parcel_and_where_it_goes() {
    let text = texts(&packed(2)).concat();
    for wanted in [
        "Packing slip",
        "From acme",
        "Order 00000000-0000-0000-0000-000000000007",
        "Shipment 00000000-0000-0000-0000-000000000008",
        "Łucja Müller",
        "1 Mill Lane",
        "BN1 1AA Brighton",
        "GB",
        "Units",
        "MUG-1",
        "White hanging heart",
        "Page 1 of 1",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in {text}");
    }
    assert!(!text.contains("12.50"), "a price is none of a packer's business");
}

#[test]
fn three_hundred_lines_take_several_numbered_pages_and_each_is_there_once() {
    let pages = texts(&packed(300));
    assert!((5..=20).contains(&pages.len()), "{} pages", pages.len());
    for (number, text) in pages.iter().enumerate() {
        assert!(text.contains(&format!("Page {} of {}", number + 1, pages.len())), "{text}");
        assert!(text.contains("Units"), "{text}");
    }
    let words: Vec<&str> = pages.iter().flat_map(|it| it.split_whitespace()).collect();
    for line in 1..=300 {
        let sku = format!("MUG-{line}");
        assert_eq!(words.iter().filter(|it| **it == sku).count(), 1, "{sku}");
    }
}

#[test]
fn the_same_parcel_makes_the_same_bytes() {
    assert_eq!(pdf(&packed(300)).unwrap(), pdf(&packed(300)).unwrap());
    assert_ne!(pdf(&packed(2)).unwrap(), pdf(&packed(3)).unwrap());
}

#[test]
fn a_parcel_without_an_address_has_a_slip_too() {
    let text = texts(&Packed { recipient: None, to: None, ..packed(1) }).concat();
    assert!(text.contains("MUG-1"), "{text}");
}

#[test]
fn the_longest_name_stays_on_the_sheet() {
    let mut packed = packed(40);
    for line in &mut packed.lines {
        line.name = "W".repeat(200);
    }
    let letters: usize = texts(&packed).iter().map(|it| it.matches('W').count()).sum();
    assert_eq!(letters, 40 * 200);
}

#[test]
fn a_slip_is_kept_under_its_tenant() {
    let wanted = "tenant=acme/order=00000000-0000-0000-0000-000000000007/\
                  shipment=00000000-0000-0000-0000-000000000008.pdf";
    assert_eq!(key(&packed(1)), wanted);
}

/// The text of each page, as a reader would copy it.
fn texts(packed: &Packed) -> Vec<String> {
    let parsed = Parsed::load_mem(&pdf(packed).unwrap()).unwrap();
    let numbers: Vec<u32> = parsed.get_pages().into_keys().collect();
    numbers.into_iter().map(|number| parsed.extract_text(&[number]).unwrap()).collect()
}

fn packed(lines: u32) -> Packed {
    let price = Money::parse("12.50", "GBP".parse::<Currency>().unwrap()).unwrap();
    let line = |number: u32| Line {
        product_id: ProductId::from(Uuid::from_u128(number.into())),
        sku: format!("MUG-{number}"),
        name: "White hanging heart T-light holder, enamelled, with a wire handle and a wooden box".to_owned(),
        quantity: number,
        unit_price: price,
    };
    Packed {
        tenant: "acme".parse().unwrap(),
        order: OrderId::from(Uuid::from_u128(7)),
        shipment: ShipmentId::from(Uuid::from_u128(8)),
        recipient: Some("Łucja Müller".to_owned()),
        to: Some(Address {
            lines: vec!["1 Mill Lane".to_owned()],
            city: "Brighton".to_owned(),
            postal_code: Some("BN1 1AA".to_owned()),
            country: "GB".to_owned(),
        }),
        lines: (1..=lines).map(line).collect(),
    }
}
