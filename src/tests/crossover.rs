//! What `Engine::Auto` chooses, against what was measured.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Engine, Parts, PlanDesc};

/// `benches/crossover/run.sh` writes it: for every machine a line that names it, then what was measured there.
const MEASURED: &str = include_str!("../../benches/crossover/measured.jsonl");

/// Measurements of the same engine differ by this much on a shared machine.
const NOISE: f64 = 1.15;

/// Describes an operation for three degrees.
type Describe = fn(usize, usize, usize) -> PlanDesc;

/// By the names in the record.
const OPERATIONS: [(&str, Describe); 3] = [
    ("product", PlanDesc::product),
    ("bracket", PlanDesc::bracket),
    ("product_and_bracket", PlanDesc::product_and_bracket),
];

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
    // By machine, operation, ISA level, element type and degrees.
    let mut times = BTreeMap::<([String; 4], [usize; 3]), Times>::new();
    let mut machines = Vec::new();
    for line in MEASURED.lines() {
        if line.starts_with("{\"machine\"") {
            machines.push(value(line, "machine"));
            continue;
        }
        let engine = match value(line, "engine") {
            "direct" => Engine::Direct,
            "grid" => Engine::Grid,
            "fourier" => Engine::Fourier,
            other => panic!("unknown engine {other}"),
        };
        let degrees = ["lmax1", "lmax2", "lmax3"].map(|key| value(line, key).parse().unwrap());
        let ns = value(line, "ns_per_product").parse().unwrap();
        let machine = machines.last().expect("a machine before what was measured there");
        let [operation, isa, dtype] = ["operation", "isa", "dtype"].map(|key| value(line, key));
        let case = [machine, operation, isa, dtype].map(String::from);
        times.entry((case, degrees)).or_default().push((engine, ns));
    }
    for (machine, name) in machines.iter().flat_map(|machine| OPERATIONS.map(|(name, _)| (machine, name))) {
        for (l1, l2) in (0..=LMAX_DIRECT).flat_map(|l1| (0..=l1).map(move |l2| (l1, l2))) {
            let is_measured = |(case, [m1, m2, _]): &&([String; 4], [usize; 3])| {
                (case[0].as_str(), case[1].as_str(), *m1, *m2) == (machine, name, l1, l2)
            };
            let measured = times.keys().filter(is_measured).count();
            assert!(measured >= 4, "{machine}: {name} {l1}x{l2} was measured {measured} times only");
        }
    }
    for ((case, degrees @ [l1, l2, l3]), engines) in times {
        assert!(engines.len() > 1, "{degrees:?}: {engines:?}");
        let describe = OPERATIONS.into_iter().find(|(name, _)| *name == case[1]).unwrap().1;
        let chosen = describe(l1, l2, l3).resolve_engine().unwrap();
        let time =
            engines.iter().find(|(engine, _)| *engine == chosen).expect("the engine that Auto takes").1;
        for (engine, other_time) in &engines {
            assert!(
                time <= NOISE * other_time,
                "{case:?} {degrees:?}: Auto takes {chosen:?}, {time} ns, but {engine:?} takes {other_time} ns"
            );
        }
    }
}

/// Nothing is measured between some of the degrees, and nothing beyond them.
#[test]
fn auto_takes_fourier_for_large_degrees() {
    for (name, describe) in OPERATIONS {
        let engine = |l1, l2, l3| describe(l1, l2, l3).resolve_engine();
        let is_both = name == "product_and_bracket";
        assert_eq!(engine(LMAX_DIRECT + 1, 0, 0), Ok(Engine::Grid), "{name}");
        let to_l = if is_both { Engine::Grid } else { Engine::Fourier };
        assert_eq!(engine(256, 256, 256), Ok(to_l), "{name}");
        assert_eq!(engine(256, 256, 512), Ok(Engine::Fourier), "{name}");
        // From these degrees on, as documented.
        let (from_l, from_2l) = if is_both { (None, 48) } else { (Some(52), 32) };
        for l in LMAX_DIRECT + 1..=64 {
            let expected = |from| if l >= from { Engine::Fourier } else { Engine::Grid };
            assert_eq!(engine(l, l, l), Ok(expected(from_l.unwrap_or(usize::MAX))), "{name} {l}");
            assert_eq!(engine(l, l, 2 * l), Ok(expected(from_2l)), "{name} {l}");
        }
        // The second operand's degrees above 8 + 112 reach no output.
        assert_eq!(engine(8, 256, 112), Ok(Engine::Fourier), "{name}");
    }
    let mut desc = PlanDesc::product_and_bracket(256, 256, 512);
    desc.parts2 = Parts::Both;
    assert_eq!(desc.resolve_engine(), Ok(Engine::Grid));
}
