//! The C library as its users meet it: `cargo test --test ffi`.
//!
//! Builds libgaunt, compiles and runs the programs of this folder in C, C++, Fortran and Julia against it, and inspects
//! the artefacts: symbols, panics, what they need at link time. Needs no C compiler to pass: what cannot run is listed
//! with the reason. `GAUNT_REQUIRE_ALL=1` makes that a failure (but for a Julia that `julia/fetch.sh` could not get).

mod library;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// What a check says: nothing, or why it failed.
type Outcome = Result<(), String>;

const C_PROGRAMS: [&str; 9] = [
    "abi",
    "statuses",
    "vectors",
    "semantics",
    "derivatives",
    "threads",
    "harmonics",
    "conversion",
    "rotation",
];
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

fn main() -> ExitCode {
    let bench = Bench::new();
    let mut report = Report::default();
    println!("building libgaunt (release)");
    let library = succeed(&mut library::build());
    let built = library.is_ok();
    report.check("libgaunt builds", library);
    if built {
        headers(&bench, &mut report);
        c_programs(&bench, &mut report);
        cpp_programs(&bench, &mut report);
        sanitizers(&bench, &mut report);
        fortran(&bench, &mut report);
        julia(&bench, &mut report);
        artefacts(&bench, &mut report);
        vectors(&bench, &mut report);
    }
    report.finish()
}

/// Counts and prints.
#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    fn check(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok       {name}");
            }
            Err(reason) => {
                self.failed += 1;
                println!("FAILED   {name}\n    {}", reason.trim_end().replace('\n', "\n    "));
            }
        }
    }

    /// Lists what the machine cannot run; an excuse holds even when everything is required.
    fn not_run(&mut self, name: &str, reason: &str, excused: bool) {
        println!("NOT RUN: {name}: {reason}");
        if !excused && env::var_os("GAUNT_REQUIRE_ALL").is_some_and(|value| value == "1") {
            self.failed += 1;
        } else {
            self.skipped += 1;
        }
    }

    fn finish(self) -> ExitCode {
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Where things are, and where results go.
struct Bench {
    root: PathBuf,
    /// This folder.
    tests: PathBuf,
    /// Cargo's target directory for the C library.
    target: PathBuf,
    /// Programs and objects.
    out: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (root, target) = (library::root(), library::target());
        let out = target.join("programs");
        fs::create_dir_all(&out).expect("target/ffi can be written");
        Self { root, tests, target, out }
    }

    fn artefact(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }

    fn include(&self) -> String {
        format!("-I{}", self.root.join("include").display())
    }

    fn vectors(&self) -> PathBuf {
        self.tests.join("vectors/vectors.txt")
    }

    /// The linker's arguments for each kind of library.
    fn links(&self) -> [(&'static str, Vec<String>); 2] {
        let directory = self.target.join("release").display().to_string();
        [
            ("static", vec![format!("{directory}/libgaunt.a")]),
            ("shared", vec![format!("-L{directory}"), "-lgaunt".into(), format!("-Wl,-rpath,{directory}")]),
        ]
    }
}

/// Runs a command to its end; its output, or what went wrong.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{command:?}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}

fn succeed(command: &mut Command) -> Outcome {
    run(command).map(drop)
}

fn found(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Those of some tools that this machine has; the others are reported.
fn available<'a>(report: &mut Report, what: &str, tools: &[&'a str]) -> Vec<&'a str> {
    let (found, missing): (Vec<_>, Vec<_>) = tools.iter().partition(|tool| found(tool));
    for tool in missing {
        report.not_run(what, &format!("{tool} not found"), false);
    }
    found
}

/// Compiles one program.
fn compile(
    bench: &Bench,
    compiler: &str,
    flags: &[&str],
    sources: &[&Path],
    link: &[String],
    program: &Path,
) -> Outcome {
    let mut command = Command::new(compiler);
    command.args(WARNINGS).args(flags).arg(bench.include()).args(sources).args(link);
    succeed(command.args(["-pthread", "-lm", "-o"]).arg(program))
}

/// The header compiles alone in every language version; its example and the README's do what their comments say.
fn headers(bench: &Bench, report: &mut Report) {
    let header = bench.root.join("include/gaunt.h");
    let languages =
        [("c", ["gcc", "clang"], &["c99", "c11", "c17"][..]), ("c++", ["g++", "clang++"], &["c++17"])];
    for (language, compilers, standards) in languages {
        for compiler in available(report, "header alone", &compilers) {
            for standard in standards {
                let mut command = Command::new(compiler);
                command.args(WARNINGS).arg(format!("-std={standard}")).args([
                    "-fsyntax-only",
                    "-x",
                    language,
                ]);
                report.check(&format!("header alone, {compiler} {standard}"), succeed(command.arg(&header)));
            }
        }
    }
    for compiler in ["gcc", "clang"].into_iter().filter(|compiler| found(compiler)) {
        for example in EXAMPLES {
            let outcome = documented_example(bench, compiler, example);
            report.check(&format!("example of {}, {compiler}", example.0), outcome);
        }
        let (source, program) =
            (bench.root.join("examples/c/forces.c"), bench.out.join(format!("forces-{compiler}")));
        let outcome = compile(bench, compiler, &["-std=c11"], &[&source], &bench.links()[0].1, &program)
            .and_then(|()| succeed(&mut Command::new(&program)));
        report.check(&format!("examples/c/forces.c, {compiler}"), outcome);
    }
}

/// A file that documents a program: its name, and the lines before and after the program.
type Documented = (&'static str, &'static str, &'static str);

const EXAMPLES: [Documented; 2] =
    [("include/gaunt.h", " * \\code", " * \\endcode"), ("README.md", "```c", "```")];

/// Compiles a documented program and compares what it prints with the comment behind its `printf`.
fn documented_example(bench: &Bench, compiler: &str, (file, begin, end): Documented) -> Outcome {
    let text = fs::read_to_string(bench.root.join(file)).map_err(|error| error.to_string())?;
    let example = text.lines().skip_while(|line| *line != begin).skip(1).take_while(|line| *line != end);
    let example: Vec<_> = example.map(|line| line.trim_start_matches(" *")).collect();
    let expected = example
        .iter()
        .find_map(|line| line.split_once("printf(\"")?.1.split_once("// "))
        .ok_or("no example")?
        .1;
    let source = bench.out.join("example.c");
    let program = bench.out.join(format!("example-{compiler}"));
    fs::write(&source, example.join("\n") + "\n").map_err(|error| error.to_string())?;
    compile(bench, compiler, &["-std=c11"], &[&source], &bench.links()[0].1, &program)?;
    let printed = run(&mut Command::new(&program))?;
    if printed.trim_end() == expected {
        Ok(())
    } else {
        Err(format!("printed {printed}, the comment says {expected}"))
    }
}

/// Compiles and runs C programs in every combination of compiler, standard and kind of library.
fn c_programs(bench: &Bench, report: &mut Report) {
    for compiler in available(report, "C programs", &["gcc", "clang"]) {
        for standard in ["c99", "c11"] {
            for (kind, link) in bench.links() {
                for name in C_PROGRAMS {
                    let source = bench.tests.join("c").join(name).with_extension("c");
                    let program = bench.out.join(format!("{name}-{compiler}-{standard}-{kind}"));
                    let flags = [&*format!("-std={standard}"), "-O1"];
                    let outcome = compile(bench, compiler, &flags, &[&source], &link, &program)
                        .and_then(|()| run(Command::new(&program).arg(bench.vectors())));
                    if let (Ok(text), "vectors", "static", "c99") = (&outcome, name, kind, standard) {
                        print!("{text}"); // the ISA levels that were executed
                    }
                    report.check(&format!("{name}.c, {compiler} {standard} {kind}"), outcome.map(drop));
                }
            }
        }
    }
}

fn cpp_programs(bench: &Bench, report: &mut Report) {
    let source = bench.tests.join("cpp/vectors.cpp");
    for compiler in available(report, "C++ program", &["g++", "clang++"]) {
        for (kind, link) in bench.links() {
            let program = bench.out.join(format!("vectors-{compiler}-{kind}"));
            let outcome = compile(bench, compiler, &["-std=c++17", "-O1"], &[&source], &link, &program)
                .and_then(|()| succeed(Command::new(&program).arg(bench.vectors())));
            report.check(&format!("vectors.cpp, {compiler} c++17 {kind}"), outcome);
        }
    }
}

/// The C programs again, under the sanitizers of address, undefined behaviour and leaks.
///
/// They see what the programs do; what the library itself reads and writes is fenced in by the programs (`support.h`).
fn sanitizers(bench: &Bench, report: &mut Report) {
    const FLAGS: [&str; 5] =
        ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let probe = bench.out.join("probe.c");
    fs::write(&probe, "int main(void) { return 0; }\n").expect("target/ffi can be written");
    for compiler in available(report, "sanitizers", &["gcc", "clang"]) {
        let program = bench.out.join(format!("probe-{compiler}"));
        if compile(bench, compiler, &FLAGS, &[&probe], &[], &program).is_err() {
            report.not_run("sanitizers", &format!("{compiler} has no sanitizer runtime"), false);
            continue;
        }
        for name in C_PROGRAMS {
            let source = bench.tests.join("c").join(name).with_extension("c");
            let program = bench.out.join(format!("{name}-{compiler}-sanitizers"));
            let outcome = compile(bench, compiler, &FLAGS, &[&source], &bench.links()[0].1, &program)
                .and_then(|()| succeed(Command::new(&program).arg(bench.vectors())));
            report.check(&format!("{name}.c, {compiler} with sanitizers"), outcome);
        }
    }
}

fn fortran(bench: &Bench, report: &mut Report) {
    for compiler in available(report, "Fortran program", &["gfortran"]) {
        let sources = ["gaunt.f90", "vectors.f90"].map(|name| bench.tests.join("fortran").join(name));
        let modules = format!("-J{}", bench.out.display());
        for (kind, link) in bench.links() {
            let program = bench.out.join(format!("vectors-{compiler}-{kind}"));
            let outcome = compile(
                bench,
                compiler,
                &["-std=f2018", "-O1", &modules],
                &sources.each_ref().map(PathBuf::as_path),
                &link,
                &program,
            )
            .and_then(|()| succeed(Command::new(&program).arg(bench.vectors())));
            report.check(&format!("vectors.f90, {compiler} {kind}"), outcome);
        }
    }
}

/// Julia from `JULIA`, from the path, or from where `julia/fetch.sh target/julia` puts it.
fn julia(bench: &Bench, report: &mut Report) {
    let fetched = bench.root.join("target/julia");
    let candidates =
        [env::var("JULIA").ok(), Some("julia".into()), Some(fetched.join("bin/julia").display().to_string())];
    let Some(julia) = candidates.into_iter().flatten().find(|julia| found(julia)) else {
        let excuse = fs::read_to_string(fetched.join("unavailable"));
        let reason = excuse.as_deref().unwrap_or("not found; see ffi-tests/julia/fetch.sh").trim_end();
        report.not_run("Julia program", reason, excuse.is_ok());
        return;
    };
    let mut command = Command::new(julia);
    command.arg(bench.tests.join("julia/vectors.jl")).arg(bench.artefact("libgaunt.so")).arg(bench.vectors());
    report.check("vectors.jl", succeed(&mut command));
}

/// A symbol as `readelf -sW` lists it.
struct Symbol {
    binding: String,
    visibility: String,
    defined: bool,
    name: String,
}

impl Symbol {
    fn exported(&self) -> bool {
        self.defined && self.binding != "LOCAL" && self.visibility == "DEFAULT"
    }

    fn undefined(&self) -> bool {
        !self.defined && self.binding == "GLOBAL"
    }
}

/// All named symbols of a file. (Not by `nm`: with some LLVM plugins it cannot read Rust's objects.)
fn symbols(option: &str, file: &Path) -> Result<Vec<Symbol>, String> {
    let listing = run(Command::new("readelf").arg(option).arg("-W").arg(file))?;
    let rows = listing.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let symbols = rows.filter_map(|row| match row[..] {
        [number, _, _, _, binding, visibility, section, name, ..]
            if number.ends_with(':') && number != "Num:" =>
        {
            Some(Symbol {
                binding: binding.into(),
                visibility: visibility.into(),
                defined: section != "UND",
                name: name.into(),
            })
        }
        _ => None,
    });
    Ok(symbols.collect())
}

/// The names of symbols that a set of expected ones lacks or has in excess, as an error.
fn same_set(expected: &BTreeSet<&str>, got: &BTreeSet<&str>) -> Outcome {
    if expected == got {
        return Ok(());
    }
    Err(format!(
        "missing: {:?}\nunexpected: {:?}",
        expected.difference(got).collect::<Vec<_>>(),
        got.difference(expected).collect::<Vec<_>>()
    ))
}

/// What the built files export, need and contain.
fn artefacts(bench: &Bench, report: &mut Report) {
    let binutils = available(report, "artefacts", &["readelf", "ar"]);
    let Some(compiler) = ["gcc", "clang"].into_iter().find(|compiler| found(compiler)) else {
        report.not_run("artefacts", "no C compiler to link with", false);
        return;
    };
    if binutils.len() == 2 {
        report.check("exports of the shared library", shared_exports(bench));
        report.check("exports and needs of the static library", static_symbols(bench, compiler));
        // No panic machinery is linked in, so no panic can be reached.
        report.check("no panics", free_of(bench, &["panicking", "panic_", "_fail"]));
        // An intrinsic that is a function was called from a frame without the CPU feature: a kernel was not inlined.
        report.check("no intrinsic is a function", free_of(bench, &["core_arch"]));
        report.check("every function is declared, and called from C", coverage(bench));
    }
}

fn exported_names(bench: &Bench) -> Result<String, String> {
    fs::read_to_string(bench.tests.join("abi/symbols.txt")).map_err(|error| error.to_string())
}

fn shared_exports(bench: &Bench) -> Outcome {
    let symbols = symbols("--dyn-syms", &bench.artefact("libgaunt.so"))?;
    let names = exported_names(bench)?;
    let exported = symbols.iter().filter(|symbol| symbol.exported()).map(|symbol| &*symbol.name).collect();
    same_set(&names.lines().collect(), &exported)?;
    let undefined: BTreeSet<_> =
        symbols.iter().filter(|s| s.undefined()).map(|symbol| &*symbol.name).collect();
    needs_memory_functions_only(&undefined)
}

/// All members of the archive, used or not, linked into one object.
fn static_symbols(bench: &Bench, compiler: &str) -> Outcome {
    let whole = bench.out.join("whole.o");
    let archive = bench.artefact("libgaunt.a");
    succeed(
        Command::new(compiler)
            .args(["-nostdlib", "-r", "-Wl,--whole-archive"])
            .arg(archive)
            .arg("-o")
            .arg(&whole),
    )?;
    let symbols = symbols("-s", &whole)?;
    let names = exported_names(bench)?;
    // pulp's assembly brings global labels of its own, stamped with its version.
    let ours = symbols.iter().filter(|symbol| symbol.exported() && !symbol.name.starts_with("libpulp_v"));
    same_set(&names.lines().collect(), &ours.map(|symbol| &*symbol.name).collect())?;
    let undefined: BTreeSet<_> =
        symbols.iter().filter(|s| s.undefined()).map(|symbol| &*symbol.name).collect();
    needs_memory_functions_only(&undefined)
}

/// The four functions that every C compiler expects even of a freestanding environment.
fn needs_memory_functions_only(undefined: &BTreeSet<&str>) -> Outcome {
    let allowed = BTreeSet::from(["memcpy", "memmove", "memset", "memcmp"]);
    if undefined.is_subset(&allowed) { Ok(()) } else { Err(format!("undefined: {undefined:?}")) }
}

/// Whether our objects hold no function, and ask for none, whose name has one of some parts.
fn free_of(bench: &Bench, parts: &[&str]) -> Outcome {
    let archive = bench.artefact("libgaunt.a");
    let members = run(Command::new("ar").arg("t").arg(&archive))?;
    let ours: Vec<_> = members.lines().filter(|member| !member.starts_with("compiler_builtins")).collect();
    if ours.is_empty() {
        return Err("the archive has no object of ours".into());
    }
    succeed(Command::new("ar").current_dir(&bench.out).arg("x").arg(&archive).args(&ours))?;
    let mut found = BTreeSet::new();
    for member in ours {
        let names = symbols("-s", &bench.out.join(member))?.into_iter().map(|symbol| symbol.name);
        found.extend(
            names.filter(|name| !name.starts_with('.') && parts.iter().any(|part| name.contains(part))),
        );
    }
    if found.is_empty() { Ok(()) } else { Err(found.into_iter().collect::<Vec<_>>().join("\n")) }
}

fn coverage(bench: &Bench) -> Outcome {
    let read = |path: PathBuf| fs::read_to_string(path).map_err(|error| error.to_string());
    let header = read(bench.root.join("include/gaunt.h"))?;
    let mut calls = read(bench.tests.join("c/support.h"))?;
    for name in C_PROGRAMS {
        calls += &read(bench.tests.join("c").join(name).with_extension("c"))?;
    }
    let names = exported_names(bench)?;
    let missing: Vec<_> = names
        .lines()
        .filter(|name| ![&header, &calls].iter().all(|text| text.contains(&format!("{name}("))))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

/// The committed vectors are what their script writes.
fn vectors(bench: &Bench, report: &mut Report) {
    const SCRIPTS: [(&str, &[&str]); 2] =
        [("make_vectors.py", &["vectors.txt", "tables.txt"]), ("make_fourier.py", &["fourier.txt"])];
    for python in available(report, "vectors", &["python3"]) {
        for (script, files) in SCRIPTS {
            let path = bench.tests.join("vectors").join(script);
            // -B: no compiled modules beside the scripts.
            let outcome = succeed(Command::new(python).arg("-B").arg(path).arg(&bench.out)).and_then(|()| {
                files.iter().try_for_each(|name| {
                    let same = fs::read(bench.out.join(name)).ok()
                        == fs::read(bench.tests.join("vectors").join(name)).ok();
                    if same { Ok(()) } else { Err(format!("{name} differs from the committed one")) }
                })
            });
            report.check(&format!("{script} writes the committed vectors"), outcome);
        }
    }
}
