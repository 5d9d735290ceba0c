//! What `Engine::Auto` chooses, against what was measured.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Engine, PlanDesc};

/// `benches/crossover/run.sh` writes it.
const MEASURED: &str = include_str!("../../benches/crossover/measured.jsonl");

/// Measurements of the same engine differ by this much on a shared machine.
const NOISE: f64 = 1.15;

/// Nanoseconds per product of each engine.
type Times = Vec<(Engine, f64)>;

/// The text of a value in an object without nested ones.
fn value<'a>(object: &'a str, key: &str) -> &'a str {
    let quoted = std::format!("\"{key}\":");
    let rest = object.split_once(&quoted).unwrap_or_else(|| panic!("no {key} in {object}")).1;
    rest.split([',', '}']).next().unwrap().trim().trim_matches('"')
}

#[test]
fn auto_takes_the_engine_that_was_measured_fastest() {
    // By ISA level, element type and degrees.
    let mut times = BTreeMap::<(String, String, [usize; 3]), Times>::new();
    for line in MEASURED.lines().filter(|line| line.contains("ns_per_product")) {
        let engine = match value(line, "engine") {
            "direct" => Engine::Direct,
            "grid" => Engine::Grid,
            "fourier" => Engine::Fourier,
            other => panic!("unknown engine {other}"),
        };
        let degrees = ["lmax1", "lmax2", "lmax3"].map(|key| value(line, key).parse().unwrap());
        let ns = value(line, "ns_per_product").parse().unwrap();
        let key = (value(line, "isa").into(), value(line, "dtype").into(), degrees);
        times.entry(key).or_default().push((engine, ns));
    }
    for l1 in 0..=LMAX_DIRECT {
        for l2 in 0..=l1 {
            let measured = times.keys().filter(|(.., [m1, m2, _])| (*m1, *m2) == (l1, l2)).count();
            assert!(measured >= 4, "{l1}x{l2} was measured {measured} times only");
        }
    }
    for ((isa, dtype, degrees @ [l1, l2, l3]), engines) in times {
        assert!(engines.len() > 1, "{degrees:?}: {engines:?}");
        let chosen = PlanDesc::product(l1, l2, l3).resolve_engine().unwrap();
        let time =
            engines.iter().find(|(engine, _)| *engine == chosen).expect("the engine that Auto takes").1;
        for (engine, other_time) in &engines {
            assert!(
                time <= NOISE * other_time,
                "{isa} {dtype} {degrees:?}: Auto takes {chosen:?}, {time} ns, but {engine:?} takes {other_time} ns"
            );
        }
    }
    // Nothing is measured between some of the degrees, and nothing beyond them.
    assert_eq!(PlanDesc::product(LMAX_DIRECT + 1, 0, 0).resolve_engine(), Ok(Engine::Grid));
    assert_eq!(PlanDesc::product(256, 256, 256).resolve_engine(), Ok(Engine::Fourier));
    assert_eq!(PlanDesc::bracket(256, 256, 256).resolve_engine(), Ok(Engine::Grid));
}
