//! How much the kernels spill, family by family, compared with the committed `spills.txt`.
//!
//! `GAUNT_BLESS=1 cargo test --test codegen` writes the file.
//!
//! The comparison leaves room: registers are allocated by heuristics, and another version of the compiler is some per
//! cent better or worse. What it is to find is not subtle: a kernel whose sums no longer fit into the registers spills
//! for every term.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::{env, fs};

use crate::frames::{Frame, Level};
use crate::instructions::{Counts, Element};
use crate::library;

/// A loop of at most so many floating-point operations has no reason to spill: its values fit into the registers. The
/// inner loops of the grid engine are of this kind, of the direct engine only those of the lowest degrees.
const SMALL_LOOP: usize = 32;

/// The family, level and element of frames.
type Key<'a> = (&'a str, Level, Element);

/// What the frames of one family, level and element do together.
#[derive(Default)]
pub(crate) struct Family {
    frames: usize,
    total: Counts,
    /// The most spills of a frame, and that frame.
    worst: (usize, String),
    hot_loops: usize,
    /// Small hot loops that spill, where there should be none, see [`SMALL_LOOP`].
    spilling_loops: Vec<String>,
}

impl Family {
    /// The columns of `spills.txt`.
    fn record(&self) -> [usize; 5] {
        let Counts { fused, unfused, spills, .. } = self.total;
        [fused, unfused, spills, self.worst.0, self.spilling_loops.len()]
    }
}

/// All families of frames.
pub(crate) fn families<'a>(frames: &'a [Frame]) -> BTreeMap<Key<'a>, Family> {
    let mut families = BTreeMap::new();
    for frame in frames {
        let family: &mut Family = families.entry((frame.family, frame.level, frame.element)).or_default();
        family.frames += 1;
        family.total.add(frame.counts);
        if family.worst.1.is_empty() || frame.counts.spills > family.worst.0 {
            family.worst = (frame.counts.spills, frame.to_string());
        }
        family.hot_loops += frame.hot_loops.len();
        let small = frame.hot_loops.iter().filter(|(_, counts)| counts.fused + counts.unfused <= SMALL_LOOP);
        let spilling = small.filter(|(_, counts)| counts.spills > 0);
        family.spilling_loops.extend(spilling.map(|(body, _)| format!("{frame} at {:#x}", body[0].ip())));
    }
    families
}

/// A table to read.
pub(crate) fn summary(families: &BTreeMap<Key, Family>) -> String {
    let mut text = String::from(
        "family   level   type frames instructions  fused mul/add  loads broadcasts spills reloads hot loops \
         small, spilling  most spills\n",
    );
    for ((family, level, element), of) in families {
        let Counts { instructions, fused, unfused, loads, broadcasts, spills, reloads } = of.total;
        let (frames, hot_loops, spilling, (most, worst)) =
            (of.frames, of.hot_loops, of.spilling_loops.len(), &of.worst);
        writeln!(
            text,
            "{family:8} {level:7} {element:4} {frames:6} {instructions:12} {fused:6} {unfused:7} {loads:6} \
             {broadcasts:10} {spills:6} {reloads:7} {hot_loops:9} {spilling:15}  {most} {worst}"
        )
        .unwrap();
    }
    let spilling = families.values().flat_map(|family| &family.spilling_loops);
    spilling.for_each(|place| writeln!(text, "small loop that spills: {place}").unwrap());
    text
}

/// Where families spill more, or fuse less, than recorded; or, told to bless, none, and the record is written.
pub(crate) fn faults(families: &BTreeMap<Key, Family>) -> Vec<String> {
    let path = library::root().join("ffi-tests/codegen/spills.txt");
    if env::var_os("GAUNT_BLESS").is_some() {
        fs::write(path, text(families)).unwrap();
        return Vec::new();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    let mut recorded: BTreeMap<String, [usize; 5]> = parse(&committed);
    let mut faults = Vec::new();
    for (key, family) in families {
        let name = name(key);
        match recorded.remove(&name) {
            Some(record) => {
                faults.extend(compare(family, record).iter().map(|fault| format!("{name}: {fault}")));
            }
            None => faults.push(format!("{name}: not recorded")),
        }
    }
    faults.extend(recorded.keys().map(|name| format!("{name}: recorded, but there is no such frame")));
    if !faults.is_empty() {
        faults.push("If that is meant: GAUNT_BLESS=1 cargo test --test codegen".into());
    }
    faults
}

fn name((family, level, element): &Key) -> String {
    format!("{family} {level} {element}")
}

/// The text of `spills.txt`.
pub(crate) fn text(families: &BTreeMap<Key, Family>) -> String {
    let mut text = String::from(
        "# Per family of frames: fused multiply-adds, other arithmetic, vector stores to the stack, the most of them in a\n\
         # frame, and small hot loops with any (should be 0). Do not edit: GAUNT_BLESS=1 cargo test --test codegen\n",
    );
    for (key, family) in families {
        let columns = family.record().map(|number| number.to_string());
        writeln!(text, "{}: {}", name(key), columns.join(" ")).unwrap();
    }
    text
}

/// What [`text`] wrote.
pub(crate) fn parse(text: &str) -> BTreeMap<String, [usize; 5]> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let (name, columns) = line.split_once(": ")?;
        let columns = columns.split(' ').map(|column| column.parse().ok()).collect::<Option<Vec<_>>>()?;
        Some((name.to_string(), columns.try_into().ok()?))
    });
    rows.map(|row| row.expect("spills.txt: a name and five numbers")).collect()
}

/// Where a family is worse than its record: a quarter more spills, and some where there were few.
pub(crate) fn compare(
    family: &Family,
    [fused, unfused, spills, worst, spilling_loops]: [usize; 5],
) -> Vec<String> {
    let [now_fused, now_unfused, now_spills, now_worst, now_spilling_loops] = family.record();
    // Kernels may come and go: what counts is the share of spills and fused operations in the arithmetic.
    let (before, now) = (fused + unfused, now_fused + now_unfused);
    let scaled = |count: usize| (count * now).checked_div(before).unwrap_or(count);
    let allowed = scaled(spills) * 5 / 4 + now / 50 + 8;
    let worst_allowed = worst * 5 / 4 + 8;
    let fused_expected = scaled(fused) * 19 / 20;
    let (of_worst, spilling) = (&family.worst.1, &family.spilling_loops);
    [
        (now_spills > allowed).then(|| {
            format!("{now_spills} spills for {now} operations, {allowed} are allowed ({spills} recorded)")
        }),
        (now_worst > worst_allowed).then(|| {
            format!("{now_worst} spills in {of_worst}, {worst_allowed} are allowed ({worst} recorded)")
        }),
        (now_spilling_loops > spilling_loops).then(|| {
            format!("loops of at most {SMALL_LOOP} operations spill, {spilling_loops} recorded: {spilling:?}")
        }),
        (now_fused < fused_expected).then(|| {
            format!("{now_fused} fused multiply-adds of {now} operations, {fused_expected} are expected")
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}
