//! How fast the library is: checks candidates against the reference, times them in turns, prints machine-independent
//! numbers.
//!
//! Run with `cargo run --release --example throughput -- --help`. What is selected is in `arguments.rs` and
//! `config.rs`, what an operation is in `operation.rs`, what it computes in `target.rs` (at high degrees by
//! `quadrature.rs`), what it costs in `model.rs`, the data and the check in `problem.rs`, how time is measured in
//! `measure.rs`, with what in `candidate.rs` and `yardstick.rs`, how it is printed in `report.rs`. `benches/product.rs` takes its
//! cases from here.

mod arguments;
mod candidate;
mod config;
mod element;
mod measure;
mod model;
mod operation;
mod problem;
mod quadrature;
mod report;
mod target;
mod yardstick;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use arguments::{Command, HELP, Options, Selection};
use config::{Config, Dtype};
use problem::Problem;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let result = run(&arguments, &mut out);
    let result = result.and_then(|()| out.flush().map_err(Failure::Output));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = out.flush();
            let _ = writeln!(io::stderr(), "throughput: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Why the program stops.
#[derive(Debug)]
enum Failure {
    /// The command line cannot be used.
    Input(String),
    /// A result is wrong.
    Check(String),
    /// Standard output cannot be written.
    Output(io::Error),
    /// The library refused a call, which is a defect of this program.
    Library(gaunt::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) => f.write_str(message),
            Self::Check(message) => write!(f, "check failed: {message}"),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
            Self::Library(error) => write!(f, "gaunt refused a call: {error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<gaunt::Error> for Failure {
    fn from(error: gaunt::Error) -> Self {
        Self::Library(error)
    }
}

fn run(arguments: &[OsString], out: &mut impl Write) -> Result<(), Failure> {
    let (selection, options) = match arguments::parse(arguments).map_err(Failure::Input)? {
        Command::Help => return Ok(writeln!(out, "{HELP}")?),
        Command::Run(selection, options) => (selection, options),
    };
    let groups = groups(&selection)?;
    if !options.json {
        report::head(out, options.triad)?;
        out.flush()?;
    }
    let mut progress = Progress::new();
    let mut problems: Vec<Problem> = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        let Some(Config { degrees, batch, .. }) = group.first().copied() else { continue };
        let place = format!("{}/{} {degrees} {batch}:", i + 1, groups.len());
        // The reference is slow: once for all batches.
        if problems.first().is_none_or(|known| known.degrees != degrees) {
            progress.show(&format!("{place} reference"));
            problems =
                selection.operations.iter().map(|&operation| Problem::new(operation, degrees)).collect();
        }
        let rows =
            measure::measure(group, &problems, &options, |stage| progress.show(&format!("{place} {stage}")))?;
        progress.clear();
        for row in &rows {
            if options.json { report::json(out, row)? } else { report::line(out, row)? }
        }
        out.flush()?;
    }
    Ok(())
}

/// The candidates, those of the same degrees and batch together. Says what is left out.
fn groups(selection: &Selection) -> Result<Vec<Vec<Config>>, Failure> {
    let mut groups = Vec::new();
    let mut left_out = Vec::new();
    for &degrees in &selection.degrees {
        left_out.extend(selection.left_out(degrees).map(|name| format!("{name} {degrees}")));
        for &batch in &selection.batches {
            let group = selection.group(degrees, batch);
            check_memory(&group)?;
            if !group.is_empty() {
                groups.push(group);
            }
        }
    }
    let left_out = left_out.join(", ");
    if groups.is_empty() {
        return Err(Failure::Input(format!("nothing to measure, beyond the engine: {left_out}")));
    }
    if !left_out.is_empty() {
        let _ = writeln!(io::stderr(), "throughput: left out, beyond the engine: {left_out}");
    }
    Ok(groups)
}

/// Refuses batches that would fill the machine's memory: all candidates of a group have their arrays at once.
fn check_memory(group: &[Config]) -> Result<(), Failure> {
    const MAX_BYTES: usize = 8 << 30;
    let mut bytes = Some(0_usize);
    for config in group {
        let size = if config.dtype == Dtype::F32 { 4 } else { 8 };
        let elements = config.read_and_written().ok().and_then(|lengths| {
            let mut lengths = lengths.as_flattened().iter();
            lengths.try_fold(0_usize, |sum, len| sum.checked_add(*len))?.checked_mul(size)
        });
        bytes = bytes.and_then(|sum| sum.checked_add(elements?));
    }
    match (bytes, group.first()) {
        (None | Some(MAX_BYTES..), Some(config)) => Err(Failure::Input(format!(
            "--batch: expected arrays of at most 8 GiB for all candidates of the same degrees, found more at {} {}",
            config.degrees, config.batch
        ))),
        _ => Ok(()),
    }
}

/// One line on the terminal that says what is going on; nothing elsewhere.
struct Progress {
    is_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal() }
    }

    fn show(&mut self, text: &str) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K{text}");
        }
    }

    fn clear(&mut self) {
        self.show("");
    }
}

impl Drop for Progress {
    /// Before the message of a failure.
    fn drop(&mut self) {
        self.clear();
    }
}
