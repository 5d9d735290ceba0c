//! The machine code of the C library for x86-64: `cargo test --test codegen -- --nocapture` prints what is in it.
//!
//! An operation runs inside a *frame*: the function that `pulp` compiles for the CPU features of an ISA level
//! (`src/isa.rs`). What is not inlined into its frame is compiled for the baseline, silently, correctly, and several times
//! slower. So the library is built, disassembled, and every frame checked ([`frames`]), as is what lies outside of frames;
//! how much the kernels spill is compared with the committed numbers ([`spills`]).

mod frames;
mod functions;
mod instructions;
#[path = "../library.rs"]
mod library;
mod spills;
mod tests;

use std::collections::BTreeSet;
use std::env;
use std::io::Write;

use frames::Frame;
use functions::Function;
use instructions::arithmetic;

#[test]
fn frames_are_compiled_for_their_level() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return not_run("it is for x86-64 Linux");
    }
    match library::build().output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => return not_run(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => return not_run(&error.to_string()),
    }
    let functions = functions::read(&library::target().join("release/libgaunt.a")).unwrap();
    let (frames, mut faults) = frames::of(&functions);
    let families = spills::families(&frames);
    println!("{}", spills::summary(&families));
    faults.extend(frames.iter().flat_map(Frame::faults));
    faults.extend(faults_outside(&functions, &frames));
    faults.extend(spills::faults(&families));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// Says so even when the test harness keeps the output of tests to itself.
fn not_run(reason: &str) {
    std::io::stderr().write_all(format!("NOT RUN: codegen: {reason}\n").as_bytes()).unwrap();
    assert!(env::var_os("GAUNT_REQUIRE_ALL").is_none_or(|value| value != "1"), "NOT RUN: {reason}");
}

/// Functions outside of frames that may compute with vectors, of the baseline then, by the beginning of their names: the
/// scalar level, where the compiler vectorises what it can, and what runs once per plan or makes constants.
const BASELINE_ARITHMETIC: [&str; 15] = [
    "<pulp::Scalar as pulp::Simd>::vectorize::<",
    "<gaunt::isa::Level>::run::<", // which the scalar level is inlined into
    "gaunt::plan::fill_factors::<",
    "<gaunt::plan::Plan<", // which the above and the tables are inlined into, and self-checks
    "gaunt::self_check::",
    "<gaunt::self_check::",
    "gaunt_to_convention_", // at the borders of a program
    "gaunt_from_convention_",
    "gaunt::rotation::", // angles and their multiples, per sample
    "<gaunt::rotation::",
    "gaunt::tables::",
    "<gaunt::tables::",
    "gaunt::paths::",
    "gaunt_bracket_path_constant",
    "gaunt_product_path_constant",
];

/// What is wrong with the functions that are no frames.
fn faults_outside(functions: &[Function], frames: &[Frame]) -> Vec<String> {
    let in_frame: BTreeSet<_> = frames.iter().map(|frame| &*frame.function.name).collect();
    let mut faults = Vec::new();
    for function in functions.iter().filter(|function| !in_frame.contains(&*function.name)) {
        let name = &function.name;
        // Its type arguments tell that it was to be part of a frame.
        let of_a_level = name.replace("pulp::Scalar", "").replace("pulp::Simd", "").contains("pulp::");
        if of_a_level && !frames::is_outline(name, "") {
            let callers = frames.iter().filter(|frame| frame.calls().any(|(_, callee)| callee == name));
            let callers: Vec<_> = callers.map(ToString::to_string).collect();
            faults.push(format!(
                "{name}: not inlined into its frame, so compiled for the baseline; called by {callers:?}"
            ));
        }
        let allowed = frames::is_outline(name, "pulp::Scalar, ")
            || BASELINE_ARITHMETIC.iter().any(|beginning| name.starts_with(beginning));
        let mut packed = function.instructions.iter().filter(|i| arithmetic(i).is_some_and(|a| a.packed));
        if let (false, Some(first)) = (allowed, packed.next()) {
            faults
                .push(format!("{name}: vector arithmetic outside of frames, {}", instructions::text(first)));
        }
    }
    faults
}
