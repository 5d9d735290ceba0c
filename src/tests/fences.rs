//! Rules of the source tree that the compiler does not check.

use std::string::String;
use std::vec::Vec;
use std::{fs, path::Path};

/// Files below `src/` with their text, tests and the C artefact's shim left out.
fn sources() -> Vec<(String, String)> {
    fn visit(folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
            let name = String::from(name.to_str().unwrap());
            if path.is_dir() && name != "tests" && name != "ffi/library" {
                visit(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 15);
    files
}

/// `unsafe` lives in the lane layer, the dispatch and the FFI guard; the rest of `ffi` only exports symbols.
#[test]
fn unsafe_stays_behind_its_fences() {
    for (name, text) in sources() {
        let fenced = ["lanes/", "isa.rs", "ffi/guard.rs"].iter().any(|fence| name.starts_with(fence));
        let exports = name.starts_with("ffi/");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let is_export = code.trim() == "#[unsafe(no_mangle)]" || code.trim() == "#![allow(unsafe_code)]";
            let has_unsafe = code.contains("unsafe");
            assert!(
                !has_unsafe || fenced || (exports && is_export),
                "src/{name}:{}: `unsafe` outside its fences: {line}",
                number + 1
            );
        }
    }
}

/// Who may import whom, by top-level module.
#[test]
fn imports_follow_the_architecture() {
    const ALLOWED: [(&str, &[&str]); 18] = [
        ("error", &[]),
        ("index", &[]),
        ("isa", &["lanes"]),
        ("lanes", &["isa"]), // a documentation link
        ("layout", &["error", "index"]),
        ("tables", &["index"]),
        ("reference", &["index", "Plan", "conventions"]), // the names in documentation links
        ("paths", &["error", "plan", "tables"]),
        ("engine", &["index", "isa", "lanes", "tables"]),
        ("transfer", &["index", "lanes", "layout", "plan"]),
        ("trilinear", &["engine", "index", "isa", "lanes", "plan", "tables", "transfer"]),
        ("harmonics", &["error", "index", "isa", "lanes", "layout", "plan", "tables", "transfer"]),
        ("convention", &["conventions", "error", "index", "plan"]),
        ("rotation", &["PlanDesc", "error", "index", "isa", "lanes", "layout", "plan", "tables", "transfer"]),
        ("conversion", &["error", "index", "isa", "lanes", "layout", "plan"]),
        ("self_check", &["conventions", "error", "index", "lanes", "plan", "rotation"]),
        (
            "plan",
            &[
                "conversion",
                "engine",
                "error",
                "harmonics",
                "index",
                "isa",
                "lanes",
                "layout",
                "conventions", // a documentation link
                "rotation",
                "tables",
                "trilinear",
            ],
        ),
        (
            "ffi",
            &[
                "convention",
                "conventions",
                "conversion",
                "error",
                "harmonics",
                "isa",
                "lanes",
                "layout",
                "paths",
                "plan",
                "rotation",
            ],
        ),
    ];
    for (name, text) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        if module == "lib" {
            continue;
        }
        let (_, allowed) = ALLOWED.iter().find(|entry| entry.0 == module).expect("a module without a rule");
        for path in text.split("crate::").skip(1) {
            let imported: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(imported == module || allowed.contains(&&*imported), "src/{name} imports {imported}");
        }
    }
}
