//! `src/tables/generated.rs` is what [`fill_grid_table`] computes today.

use core::fmt::Write;
use std::string::String;
use std::{env, format, fs, path::Path, vec};

use super::octahedral;
use crate::tables::grid::{fill_grid_table, grid_table_len};
use crate::tables::octahedral::RULES;

/// A table as a constant array.
fn write_table(text: &mut String, name: &str, table: &[f64]) {
    write!(text, "\n#[rustfmt::skip]\npub(super) static {name}: [f64; {}] = [", table.len()).unwrap();
    for (i, entry) in table.iter().enumerate() {
        write!(text, "{}{entry:?},", if i % 5 == 0 { "\n    " } else { " " }).unwrap();
    }
    text.push_str("\n];\n");
}

/// The text of `generated.rs`.
fn generate() -> String {
    let mut text = String::from(
        "//! Grid tables of 1 to 25 rings (see `grid`), computed by `fill_grid_table`, and of rules with the symmetry of the\n\
         //! octahedron (see `octahedral`). Do not edit: regenerate with `GAUNT_BLESS=1 cargo test --lib generated`.\n\
         #![allow(clippy::excessive_precision, clippy::unreadable_literal, clippy::approx_constant)]\n",
    );
    for n_theta in 1..=25 {
        let len = grid_table_len(n_theta, n_theta - 1);
        let mut table = vec![0.0; len];
        fill_grid_table(n_theta, n_theta - 1, &mut table, |value| value).unwrap();
        write_table(&mut text, &format!("GRID_{n_theta}"), &table);
    }
    for rule in &RULES {
        let table = octahedral::table(rule);
        write_table(&mut text, &format!("OCTAHEDRAL_{}", rule.degree), &table);
    }
    text
}

#[test]
fn generated_tables_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables/generated.rs");
    let text = generate();
    if env::var_os("GAUNT_BLESS").is_some() {
        fs::write(path, text).unwrap();
    } else {
        assert!(
            fs::read_to_string(path).unwrap() == text,
            "regenerate with GAUNT_BLESS=1 cargo test --lib generated"
        );
    }
}
