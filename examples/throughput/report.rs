//! The output: an aligned table or one JSON object per line.

use std::io::{self, Write};

use gaunt::Broadcast;

use crate::config::{Config, Named};
use crate::measure::Row;

/// The table's head.
pub(crate) fn head(out: &mut impl Write, with_triad: bool) -> io::Result<()> {
    write!(
        out,
        "{:19} {:6} {:6} {:5} {:11} {:>8} {:>9} {:>10} {:>9} {:>6} {:>6} {:>6}",
        "operation",
        "engine",
        "isa",
        "dtype",
        "layout",
        "degrees",
        "batch",
        "ns/product",
        "slots",
        "model",
        "GB/s",
        "Gvec/s"
    )?;
    if with_triad {
        write!(out, " {:>10} {:>10}", "triad GB/s", "time/triad")?;
    }
    writeln!(out)
}

/// A line of the table.
pub(crate) fn line(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let Config { operation, degrees, batch, isa, dtype, layout, .. } = row.config;
    write!(
        out,
        "{:19} {:6} {:6} {:5} {:11} {degrees:>8} {batch:>9} {:>10} {:>9} {:>6.2} {:>6} {:>6.2}",
        operation.name(),
        row.engine.name(),
        isa.name(),
        dtype.name(),
        layout.name(),
        significant(row.ns_per_product, 4),
        significant(row.slots_per_product, 4),
        row.model_fraction,
        significant(row.gb_per_s, 3),
        row.fma_rate_gvec,
    )?;
    if let Some(triad) = row.triad {
        write!(out, " {:>10} {:>10.2}", significant(triad.gb_per_s, 3), triad.time_ratio)?;
    }
    writeln!(out)
}

/// A JSON object; names contain nothing that needs escaping. What only an option brings has keys only then.
pub(crate) fn json(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let Config { operation, degrees, batch, broadcast, isa, dtype, layout, .. } = row.config;
    let [lmax1, lmax2, lmax3] = degrees.0;
    write!(
        out,
        r#"{{"operation":"{}","engine":"{}","isa":"{}","dtype":"{}","layout":"{}""#,
        operation.name(),
        row.engine.name(),
        isa.name(),
        dtype.name(),
        layout.name()
    )?;
    write!(out, r#","lmax1":{lmax1},"lmax2":{lmax2},"lmax3":{lmax3}"#)?;
    write!(out, r#","samples":{},"channels":{}"#, batch.samples, batch.channels)?;
    let mut numbers = vec![
        ("ns_per_product", row.ns_per_product),
        ("slots_per_product", row.slots_per_product),
        ("fma_rate_gvec", row.fma_rate_gvec),
        ("model_fraction", row.model_fraction),
        ("gb_per_s", row.gb_per_s),
    ];
    if let Some(triad) = row.triad {
        numbers.extend([("triad_gb_per_s", triad.gb_per_s), ("time_over_triad", triad.time_ratio)]);
    }
    for (key, value) in numbers {
        write!(out, r#","{key}":{}"#, significant(value, 6))?;
    }
    if broadcast != Broadcast::None {
        write!(out, r#","broadcast":"{}""#, broadcast.name())?;
    }
    writeln!(out, "}}")
}

/// A number, not negative, with so many significant digits, in plain notation.
fn significant(value: f64, digits: i32) -> String {
    #[allow(clippy::cast_possible_truncation)] // a logarithm
    let exponent = value.log10().floor() as i32;
    let decimals = (digits - 1).saturating_sub(exponent).clamp(0, 20).unsigned_abs() as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Batch, Degrees, Dtype};
    use crate::measure::TriadRow;
    use crate::operation::Operation;

    fn row() -> Row {
        let config = Config {
            operation: Operation::Product,
            degrees: Degrees([4, 4, 8]),
            batch: Batch { samples: 2, channels: 128 },
            broadcast: Broadcast::None,
            engine: gaunt::Engine::Grid,
            isa: gaunt::Isa::Avx2,
            dtype: Dtype::F32,
            layout: gaunt::Layout::E3nnBlocks,
        };
        Row {
            config,
            engine: gaunt::Engine::Grid,
            ns_per_product: 48.0625,
            slots_per_product: 3000.0,
            fma_rate_gvec: 7.8,
            model_fraction: 0.743,
            gb_per_s: 11.0,
            triad: None,
        }
    }

    fn text(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_has_the_documented_keys() {
        let mut row = row();
        let expected = concat!(
            r#"{"operation":"product","engine":"grid","isa":"avx2","dtype":"f32","layout":"e3nn_blocks","#,
            r#""lmax1":4,"lmax2":4,"lmax3":8,"samples":2,"channels":128,"ns_per_product":48.0625,"#,
            r#""slots_per_product":3000.00,"fma_rate_gvec":7.80000,"model_fraction":0.743000,"gb_per_s":11.0000}"#,
            "\n"
        );
        assert_eq!(text(|out| json(out, &row)), expected);
        row.config.broadcast = Broadcast::Channels;
        row.triad = Some(TriadRow { gb_per_s: 20.0, time_ratio: 1.5 });
        let extended = text(|out| json(out, &row));
        let end = r#""triad_gb_per_s":20.0000,"time_over_triad":1.50000,"broadcast":"channels"}"#;
        assert!(extended.trim_end().ends_with(end), "{extended}");
    }

    #[test]
    fn the_table_is_aligned() {
        let mut row = row();
        for triad in [None, Some(TriadRow { gb_per_s: 20.0, time_ratio: 1.5 })] {
            row.triad = triad;
            let (head, line) = (text(|out| head(out, triad.is_some())), text(|out| line(out, &row)));
            assert_eq!(head.len(), line.len(), "\n{head}{line}");
        }
    }

    #[test]
    fn numbers_have_significant_digits() {
        for (value, expected) in
            [(0.012_345, "0.01235"), (1.0, "1.000"), (3370.4, "3370"), (123_456.0, "123456")]
        {
            assert_eq!(significant(value, 4), expected);
        }
    }
}
