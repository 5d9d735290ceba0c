//! `src/tables/generated.rs` is what [`fill_grid_table`] computes today.

use core::fmt::Write;
use std::string::String;
use std::{env, fs, path::Path, vec};

use crate::tables::grid::{fill_grid_table, grid_table_len};

/// The text of `generated.rs`.
fn generate() -> String {
    let mut text = String::from(
        "//! Grid tables of 1 to 25 rings (see `grid`), computed by `fill_grid_table`. Do not edit: regenerate with\n\
         //! `GAUNT_BLESS=1 cargo test --lib generated`.\n\
         #![allow(clippy::excessive_precision, clippy::unreadable_literal, clippy::approx_constant)]\n",
    );
    for n_theta in 1..=25 {
        let len = grid_table_len(n_theta, n_theta - 1);
        write!(text, "\n#[rustfmt::skip]\npub(super) static GRID_{n_theta}: [f64; {len}] = [").unwrap();
        let mut table = vec![0.0; len];
        fill_grid_table(n_theta, n_theta - 1, &mut table, |value| value).unwrap();
        for (i, entry) in table.into_iter().enumerate() {
            write!(text, "{}{entry:?},", if i % 5 == 0 { "\n    " } else { " " }).unwrap();
        }
        text.push_str("\n];\n");
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
