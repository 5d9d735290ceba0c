//! `include/gaunt.h` is generated from `src/ffi/`; this test fails when the committed file is not what the sources give.
//!
//! `GAUNT_BLESS=1 cargo test --test header` writes the file.

use std::path::Path;
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

/// What a reader meets first. `ffi-tests/main.rs` compiles and runs the example.
const BANNER: &str = r#"/**
 * \file
 * gaunt: products of functions on the sphere (Gaunt tensor products).
 *
 * Two functions are given by their real spherical-harmonic coefficients, x1 up to degree lmax1 and x2 up to degree
 * lmax2. The library returns the coefficients of their product up to degree lmax3, exact up to rounding:
 *
 *     out[l3,m3] = sum over l1,m1,l2,m2 of  G(l1,m1; l2,m2; l3,m3) x1[l1,m1] x2[l2,m2]
 *     G(l1,m1; l2,m2; l3,m3) = integral over the unit sphere of  Y_l1m1 Y_l2m2 Y_l3m3
 *
 * for a batch of samples times a number of channels; likewise their bracket (GAUNT_OPERATION_BRACKET). Derivatives of both
 * are gaunt_jvp_* and gaunt_vjp_*.
 *
 * Five calls: describe (gaunt_plan_desc_init), ask sizes (gaunt_plan_memory), initialise (gaunt_plan_init), execute
 * (gaunt_execute_f32, gaunt_execute_f64), read the status (gaunt_status_string). A complete program (C11):
 *
 * \code
 *     #include <gaunt.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(void) {
 *         double x[4] = {0, 0, 1, 0}; // Y_10
 *         double out[9];              // its square: degrees 0 to 2
 *         size_t plan_bytes = 0, workspace_bytes = 0;
 *         const gaunt_plan *plan = NULL;
 *         gaunt_plan_desc desc;
 *         gaunt_status status = gaunt_plan_desc_init(&desc, sizeof desc);
 *         desc.lmax1 = 1;
 *         desc.lmax2 = 1;
 *         desc.lmax3 = 2;
 *         if (!status) status = gaunt_plan_memory(&desc, &plan_bytes, &workspace_bytes);
 *         void *memory = aligned_alloc(GAUNT_ALIGNMENT, plan_bytes);
 *         void *workspace = aligned_alloc(GAUNT_ALIGNMENT, workspace_bytes);
 *         if (!status) status = gaunt_plan_init(&desc, memory, plan_bytes, &plan);
 *         if (!status) status = gaunt_execute_f64(plan, 1, x, 4, x, 4, NULL, out, 9, workspace, workspace_bytes);
 *         if (!status) printf("%.6f Y_00 + %.6f Y_20\n", out[0], out[6]); // 0.282095 Y_00 + 0.252313 Y_20
 *         if (status) fprintf(stderr, "%s\n", gaunt_status_string(status));
 *         free(workspace);
 *         free(memory);
 *         return status != GAUNT_SUCCESS;
 *     }
 * \endcode
 *
 * Conventions
 *   Harmonics    real, orthonormal, z the polar axis, no Condon-Shortley phase; m < 0 goes with sin(|m| phi), m > 0 with
 *                cos(m phi): Y_00 = 1 / (2 sqrt(pi)), (Y_1,-1, Y_10, Y_11) = sqrt(3 / (4 pi)) (y, z, x).
 *   Index        coefficient (l, m) has index l*l + l + m; degrees up to lmax have (lmax + 1) * (lmax + 1) coefficients.
 *   e3nn         its polar axis is y: Y_e3nn(x, y, z) = Y(z, x, y). Products are the same numbers in both.
 *   Paths        products couple l1 + l2 + l3 even only, brackets odd only: the cross product of vectors is a bracket.
 *   Memory       the caller owns all of it; the library allocates nothing, keeps no state and never frees.
 *   Stack        a call needs less than 64 KiB (x86-64, optimised).
 *   Errors       every call that can fail returns a gaunt_status; after an error no output has been written, except after
 *                GAUNT_ERR_INTERNAL, a defect of the library. "Errors" below leaves out the prefix GAUNT_ERR_.
 *                ABI_MISMATCH: compile with the header of this library, or the pointer is no plan. UNSUPPORTED, OVERFLOW:
 *                the library does not do that. INVALID_ROTATION: the data. All others: the calling program.
 *   Threads      a plan is immutable: any number of threads may execute it at once, each with its own workspace and
 *                output. All other functions are reentrant.
 *   Lanes        a call works on as many (sample, channel) pairs at once as a vector has lanes, with AVX-512 16 float or
 *                8 double; a vector that is not full takes as long as a full one. Give each call many pairs.
 *   Bits         a plan gives the same bits for any split of the samples over calls and threads and any alignment.
 *   Rounding     to nearest is assumed. The floating-point environment is neither read nor changed: where the program
 *                flushes subnormal numbers to zero (say, linked with -ffast-math), so does the library.
 *   Accuracy     the bounds of all functions: src/conventions.md.
 *   Versions     before 1.0 a minor version may change the binary interface, and then raises GAUNT_ABI_VERSION: compile
 *                with the header of the library, and compare GAUNT_ABI_VERSION with gaunt_abi_version() where that is
 *                loaded at run time. Sizes of plan and workspace, and last bits, may change in any version.
 *
 * Functions
 *   Products     gaunt_plan_desc_init, _memory, _lengths, _init, _describe; gaunt_execute_*, gaunt_jvp_*, gaunt_vjp_*;
 *                gaunt_plan_self_check
 *   Harmonics    gaunt_harmonics_desc_init, _memory, _lengths, _values_*, _gradients_*, _vjp_*: no plan
 *   Rotations    gaunt_rotation_desc_init, _memory, _lengths, _init, _describe, _execute_*
 *   Conversions  gaunt_convert_layout_*, gaunt_to_convention_*, gaunt_from_convention_*, gaunt_*_path_constant
 *   Forces       examples/c/forces.c: from positions to an energy and back, by gaunt_vjp_* and gaunt_harmonics_vjp_*
 *
 * Generated from src/ffi/, not to be edited: see ffi-tests/header.rs.
 */"#;

/// Version macros, from `Cargo.toml`.
fn version_macros() -> String {
    let part = |name: &str, value: &str| format!("#define GAUNT_VERSION_{name} {value}\n");
    "\n/// Version of this header; `gaunt_version` tells that of the library.\n".to_string()
        + &part("MAJOR", env!("CARGO_PKG_VERSION_MAJOR"))
        + &part("MINOR", env!("CARGO_PKG_VERSION_MINOR"))
        + &part("PATCH", env!("CARGO_PKG_VERSION_PATCH"))
        + &part("STRING", concat!("\"", env!("CARGO_PKG_VERSION"), "\""))
        + "\n/// The version as one number: major << 16 | minor << 8 | patch.\n"
        + &part("NUMBER", "((GAUNT_VERSION_MAJOR << 16) | (GAUNT_VERSION_MINOR << 8) | GAUNT_VERSION_PATCH)")
}

fn config() -> Config {
    Config {
        language: Language::C,
        cpp_compat: true,
        style: Style::Both,
        header: Some(BANNER.into()),
        include_guard: Some("GAUNT_H".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        after_includes: Some(version_macros()),
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Cxx,
        line_length: 110,
        tab_width: 4,
        ..Config::default()
    }
}

/// Puts negative macro values into parentheses, as every macro that is more than one token should be.
fn parenthesise(header: &str) -> String {
    let line = |line: &str| match line.split_once(" -") {
        Some((name, value)) if line.starts_with("#define") => format!("{name} (-{value})\n"),
        _ => format!("{line}\n"),
    };
    header.lines().map(line).collect()
}

#[test]
fn header_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this folder is not the root");
    let mut generated = Vec::new();
    // The module and its submodules, not the crate: nothing else of the sources can change the header.
    Builder::new()
        .with_config(config())
        .with_src(root.join("src/ffi/mod.rs"))
        .generate()
        .expect("cbindgen accepts src/ffi")
        .write(&mut generated);
    let generated = parenthesise(&String::from_utf8(generated).expect("the header is UTF-8"));

    let path = root.join("include/gaunt.h");
    if env::var_os("GAUNT_BLESS").is_some() {
        fs::write(&path, &generated).expect("include/gaunt.h can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let line = committed.lines().zip(generated.lines()).take_while(|(old, new)| old == new).count();
    assert!(
        committed == generated,
        "include/gaunt.h differs from what src/ffi gives, first in line {}:\n  committed: {}\n  generated: {}\n\
         If the change is meant: GAUNT_BLESS=1 cargo test --test header",
        line + 1,
        committed.lines().nth(line).unwrap_or("(end of file)"),
        generated.lines().nth(line).unwrap_or("(end of file)"),
    );
}
