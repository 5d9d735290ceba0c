//! From a molecule to rotation-invariant numbers: the quickstart of `gaunt`.
//!
//! Run with `cargo run --release --example quickstart [FILE.xyz]`. How a plan is made and executed is in
//! `products.rs`; the rest is what surrounds the product in an interatomic potential: reading atoms (`xyz.rs`), finding
//! neighbours (`neighbours.rs`), expanding their density in harmonics (`density.rs`), reducing products to invariants
//! (`invariants.rs`).

mod density;
mod invariants;
mod neighbours;
mod products;
mod random;
mod xyz;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gaunt::n_lm;

use density::{CUTOFF, N_CHANNELS, Neighbourhood};
use invariants::{Invariants, LMAX};
use neighbours::Neighbours;
use products::Squarer;
use random::{Random, Rotation};
use xyz::Structure;

const ACETAMIDE: &str = include_str!("acetamide.xyz");

/// Atoms that are in memory with coefficients at a time: bounds the memory, and fits the cache.
const BATCH: usize = 128;
/// At least so many rotations are tried in all, and one per batch.
const N_ROTATIONS: usize = 8;
/// Rows of the tables of invariants.
const MAX_SPECIES: usize = 12;
const SEED: u64 = 2024;

const HELP: &str = "\
Usage: quickstart [FILE.xyz]

Expands the density of every atom's neighbours in spherical harmonics (A), computes the Gaunt tensor products
B = A ⊗ A, and prints rotation-invariant numbers per species, how little they change under random rotations, and
products per second beside the library's readable reference.

FILE.xyz is an XYZ or extended XYZ file in Å; of several frames the first is used. Of an extended XYZ comment,
Properties (species or Z, pos), Lattice and pbc are honoured. Without a file: acetamide, built in.

Options:
  -h, --help   print this

Exit code: 0 success, 1 a check failed, 2 the file or the command line cannot be used.";

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
            let _ = writeln!(io::stderr(), "quickstart: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Why the program stops.
#[derive(Debug)]
enum Failure {
    /// The command line or the file cannot be used.
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
    let file = match parse(arguments)? {
        Command::Help => return Ok(writeln!(out, "{HELP}")?),
        Command::Run(file) => file,
    };
    let (name, structure) = match file {
        None => ("acetamide, built in".to_owned(), xyz::read(ACETAMIDE.as_bytes())),
        Some(path) => {
            let name = path.display().to_string();
            let file =
                File::open(path).map_err(|error| Failure::Input(format!("cannot open {name}: {error}")))?;
            (name, xyz::read(BufReader::new(file)))
        }
    };
    let structure = structure.map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    print_structure(out, &name, &structure)?;
    out.flush()?;

    let mut atoms = Atoms {
        neighbours: Neighbours::new(&structure.positions, structure.cell.as_ref(), CUTOFF),
        neighbourhood: Neighbourhood::default(),
        name,
    };
    let survey = atoms.survey(LMAX, &structure, 0..structure.positions.len())?;
    print_survey(out, &structure, &survey)?;
    out.flush()?;
    survey.check(LMAX)?;
    print_comparisons(out, &mut atoms, &structure)
}

/// What the command line asks for.
enum Command<'a> {
    Help,
    Run(Option<&'a Path>),
}

fn parse(arguments: &[OsString]) -> Result<Command<'_>, Failure> {
    let mut file = None;
    let mut options_end = false;
    for argument in arguments {
        match argument.to_str() {
            Some("-h" | "--help") if !options_end => return Ok(Command::Help),
            Some("--") if !options_end => options_end = true,
            Some(option) if !options_end && option.starts_with('-') => {
                return Err(Failure::Input(format!("unknown option {option:?}; try --help")));
            }
            _ if file.is_some() => {
                return Err(Failure::Input(format!(
                    "one file at most, found a second: {}",
                    argument.display()
                )));
            }
            _ => file = Some(Path::new(argument)),
        }
    }
    Ok(Command::Run(file))
}

/// The atoms as the expansion sees them.
struct Atoms {
    neighbours: Neighbours,
    neighbourhood: Neighbourhood,
    /// Of the file, for messages.
    name: String,
}

/// The invariants of many atoms.
struct Survey {
    /// Sums over channels and over the atoms of each species.
    sums: Vec<Invariants>,
    /// Number of atoms of each species.
    n_atoms: Vec<usize>,
    n_neighbours: usize,
    max_neighbours: usize,
    n_rotations: usize,
    /// See [`invariants::largest_change`].
    largest_change: f64,
}

impl Survey {
    fn check(&self, lmax: usize) -> Result<(), Failure> {
        let bound = invariants::change_bound(lmax, self.max_neighbours);
        if self.largest_change <= bound {
            return Ok(());
        }
        Err(Failure::Check(format!(
            "an invariant of degree up to {lmax} changed by {:.1e} under a rotation, rounding explains {bound:.1e}",
            self.largest_change
        )))
    }
}

impl Atoms {
    /// Expands a batch of atoms, turned by a rotation, into `[atom][lm][channel]`. Returns how many neighbours they have,
    /// in sum and at most.
    fn expand(
        &mut self,
        batch: Range<usize>,
        lmax: usize,
        rotation: &Rotation,
        a: &mut [f64],
    ) -> Result<(usize, usize), Failure> {
        let (mut n_neighbours, mut max_neighbours) = (0, 0);
        for (atom, coefficients) in batch.zip(a.chunks_exact_mut(n_lm(lmax) * N_CHANNELS)) {
            self.neighbourhood.fill(&self.neighbours, atom).map_err(|pair| {
                Failure::Input(format!(
                    "{}: line {}: expected atoms at least {} Å apart, found one at the place of line {}{}",
                    self.name,
                    Structure::line_of(pair.atom.max(pair.neighbour)),
                    neighbours::MIN_DISTANCE,
                    Structure::line_of(pair.atom.min(pair.neighbour)),
                    if pair.atom == pair.neighbour { " itself, in the next cell" } else { "" },
                ))
            })?;
            self.neighbourhood.expand(lmax, rotation, coefficients)?;
            n_neighbours += self.neighbourhood.len();
            max_neighbours = max_neighbours.max(self.neighbourhood.len());
        }
        Ok((n_neighbours, max_neighbours))
    }

    /// Products and invariants of a range of atoms, batch after batch, each as it is and under random rotations.
    fn survey(&mut self, lmax: usize, structure: &Structure, atoms: Range<usize>) -> Result<Survey, Failure> {
        let desc = products::describe(lmax);
        let mut tables = products::tables::<f64>(&desc)?;
        let mut squarer = Squarer::<f64>::new(&desc, &mut tables)?;
        let mut random = Random::new(SEED);
        let n_batches = atoms.len().div_ceil(BATCH);
        let rotations_per_batch = (N_ROTATIONS / n_batches).max(1);
        let n_species = structure.species.len();
        let mut survey = Survey {
            sums: vec![Invariants::default(); n_species],
            n_atoms: vec![0; n_species],
            n_neighbours: 0,
            max_neighbours: 0,
            n_rotations: rotations_per_batch * n_batches,
            largest_change: 0.0,
        };
        let sample_len = n_lm(lmax) * N_CHANNELS;
        let [mut a, mut b, mut turned_a, mut turned_b] = [(); 4].map(|()| vec![0.0; BATCH * sample_len]);
        let mut progress = Progress::new(atoms.len());
        for start in atoms.clone().step_by(BATCH) {
            let batch = start..atoms.end.min(start + BATCH);
            let len = batch.len() * sample_len;
            let (n_neighbours, max_neighbours) =
                self.expand(batch.clone(), lmax, &Rotation::IDENTITY, &mut a[..len])?;
            survey.n_neighbours += n_neighbours;
            survey.max_neighbours = survey.max_neighbours.max(max_neighbours);
            squarer.square(&a[..len], &mut b[..len])?;
            for _ in 0..rotations_per_batch {
                self.expand(batch.clone(), lmax, &random.rotation(), &mut turned_a[..len])?;
                squarer.square(&turned_a[..len], &mut turned_b[..len])?;
                let change = invariants::largest_change(
                    lmax,
                    [&a[..len], &b[..len]],
                    [&turned_a[..len], &turned_b[..len]],
                );
                survey.largest_change = invariants::worse(survey.largest_change, change);
            }
            for (atom, (a, b)) in
                batch.clone().zip(a.chunks_exact(sample_len).zip(b.chunks_exact(sample_len)))
            {
                let species = structure.species_of[atom];
                survey.n_atoms[species] += 1;
                for channel in 0..N_CHANNELS {
                    survey.sums[species].add(&Invariants::new(lmax, a, b, channel));
                }
            }
            progress.report(batch.end - atoms.start);
        }
        Ok(survey)
    }
}

fn print_structure(out: &mut impl Write, name: &str, structure: &Structure) -> io::Result<()> {
    let (n_atoms, n_species) = (structure.positions.len(), structure.species.len());
    let directions =
        structure.cell.as_ref().map_or(0, |cell| cell.is_periodic.iter().filter(|p| **p).count());
    writeln!(out, "{name}: {n_atoms} atoms of {n_species} species, periodic in {directions} directions")?;
    if !structure.comment.is_empty() {
        writeln!(out, "  {}", harmless(&structure.comment))?;
    }
    if structure.has_more_frames {
        writeln!(out, "  Only the first frame of the file is used.")?;
    }
    Ok(())
}

fn print_survey(out: &mut impl Write, structure: &Structure, survey: &Survey) -> io::Result<()> {
    let n_atoms = structure.positions.len();
    writeln!(
        out,
        "Density A: neighbours within {CUTOFF} Å ({:.1} on average, at most {}), {N_CHANNELS} radial channels, \
         harmonics to degree {LMAX}",
        survey.n_neighbours as f64 / n_atoms as f64,
        survey.max_neighbours
    )?;
    writeln!(out, "\nInvariants of B = A ⊗ A, summed over channels, mean over the atoms of a species")?;
    print_invariants(out, structure, survey, "power  Σ_m B_lm² / (2l + 1)", |invariants| {
        &invariants.power
    })?;
    print_invariants(out, structure, survey, "triple  Σ_m A_lm B_lm", |invariants| &invariants.triple)?;
    writeln!(
        out,
        "\nLargest change of any invariant under {} random rotations: {:.1e}, bound for rounding {:.1e}\n\
         (relative to the largest value that the norm of A allows; f64, ε = {:.1e})",
        survey.n_rotations,
        survey.largest_change,
        invariants::change_bound(LMAX, survey.max_neighbours),
        f64::EPSILON
    )
}

fn print_invariants(
    out: &mut impl Write,
    structure: &Structure,
    survey: &Survey,
    title: &str,
    select: impl Fn(&Invariants) -> &[f64; LMAX + 1],
) -> io::Result<()> {
    writeln!(out, "{title}")?;
    write!(out, "  {:<8}{:>7}", "species", "atoms")?;
    for l in 0..=LMAX {
        write!(out, "{:>11}", format!("l = {l}"))?;
    }
    writeln!(out)?;
    for ((species, sums), n_atoms) in
        structure.species.iter().zip(&survey.sums).zip(&survey.n_atoms).take(MAX_SPECIES)
    {
        let label: String = harmless(species).chars().take(8).collect();
        write!(out, "  {label:<8}{n_atoms:>7}")?;
        for value in select(sums) {
            write!(out, "{:>11.3e}", value / *n_atoms as f64)?;
        }
        writeln!(out)?;
    }
    match structure.species.len().checked_sub(MAX_SPECIES) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  … and {more} more species"),
    }
}

/// Compares the library with its reference, degree by degree, on the first atoms.
fn print_comparisons(out: &mut impl Write, atoms: &mut Atoms, structure: &Structure) -> Result<(), Failure> {
    let n_atoms = structure.positions.len().min(BATCH);
    writeln!(
        out,
        "\nProducts of {BATCH} samples × {N_CHANNELS} channels, degrees to L in and out, one thread"
    )?;
    writeln!(
        out,
        "  {:>2} {:<8}{:<8}{:>12}{:>12}{:>10}{:>15}{:>15}{:>15}{:>8}",
        "L",
        "engine",
        "ISA",
        "error f64",
        "error f32",
        "rotated",
        "f64, per s",
        "f32, per s",
        "reference",
        "gain"
    )?;
    for lmax in 1..=LMAX {
        let survey = atoms.survey(lmax, structure, 0..n_atoms)?;
        survey.check(lmax)?;
        // A small molecule is repeated to fill the batch.
        let sample_len = n_lm(lmax) * N_CHANNELS;
        let mut a = vec![0.0; n_atoms * sample_len];
        atoms.expand(0..n_atoms, lmax, &Rotation::IDENTITY, &mut a)?;
        let a: Vec<f64> = a.iter().copied().cycle().take(BATCH * sample_len).collect();

        let comparison = products::compare(lmax, &a)?;
        let [error_f64, error_f32] = comparison.differences;
        for (error, epsilon) in [(error_f64, f64::EPSILON), (error_f32, f64::from(f32::EPSILON))] {
            // The plan's rounding and, on its other side, the reference's or that of the operands.
            let bound = 2.0 * invariants::product_roundings(lmax) * epsilon / 2.0;
            if error.is_nan() || error > bound {
                return Err(Failure::Check(format!(
                    "a product of degree {lmax} differs from the reference by {error:.1e}, \
                     rounding explains {bound:.1e}"
                )));
            }
        }
        let [rate_f64, rate_f32, rate_reference] = comparison.rates;
        writeln!(
            out,
            "  {lmax:>2} {:<8}{:<8}{error_f64:>12.1e}{error_f32:>12.1e}{:>10.1e}{:>13}{:>13}{:>13}{:>10}",
            both(comparison.engines),
            both(comparison.isas),
            survey.largest_change,
            rounded(rate_f64),
            rounded(rate_f32),
            rounded(rate_reference),
            rounded(rate_f64 / rate_reference),
        )?;
        out.flush()?;
    }
    writeln!(
        out,
        "error: difference from the reference, relative to the largest value that the norm of A allows;\n\
         rotated: largest change of an invariant; gain: f64 over the reference, which is also f64"
    )?;
    Ok(())
}

/// The choice of the `f64` plan, and that of the `f32` plan if it is another.
fn both<T: fmt::Debug + PartialEq>([double, single]: [T; 2]) -> String {
    if double == single { format!("{double:?}") } else { format!("{double:?}/{single:?}") }
}

/// Three significant digits (timings have no more) with the SI prefix for thousands or millions.
fn rounded(value: f64) -> String {
    let (value, prefix) = match value {
        1e6.. => (value / 1e6, " M"),
        1e3.. => (value / 1e3, " k"),
        _ => (value, "  "),
    };
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}{prefix}")
}

/// Foreign text without anything that a terminal could take for a command.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A line on the terminal that tells how far a long computation is.
struct Progress {
    n_atoms: usize,
    start: Instant,
    last: Instant,
    is_terminal: bool,
    is_shown: bool,
}

impl Progress {
    fn new(n_atoms: usize) -> Self {
        let now = Instant::now();
        Self { n_atoms, start: now, last: now, is_terminal: io::stderr().is_terminal(), is_shown: false }
    }

    fn report(&mut self, done: usize) {
        const INTERVAL: Duration = Duration::from_millis(500);
        if !self.is_terminal || self.last.elapsed() < INTERVAL {
            return;
        }
        self.last = Instant::now();
        self.is_shown = true;
        let left = self.start.elapsed().as_secs_f64() * (self.n_atoms - done) as f64 / done as f64;
        let _ = write!(io::stderr(), "\r{done} of {} atoms, {left:.0} s left   ", self.n_atoms);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r{:60}\r", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_with(arguments: &[&str]) -> (Result<(), Failure>, String) {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let mut out = Vec::new();
        let result = run(&arguments, &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    fn input_error(arguments: &[&str]) -> String {
        let failure = run_with(arguments).0.unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        failure.to_string()
    }

    /// Runs on a file with this content.
    fn run_on(name: &str, content: &str) -> (Result<(), Failure>, String) {
        let path = std::env::temp_dir().join(format!("gaunt-quickstart-{}-{name}.xyz", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let result = run_with(&[path.to_str().unwrap()]);
        std::fs::remove_file(&path).unwrap();
        result
    }

    #[test]
    fn the_built_in_molecule_passes_its_checks() {
        let (result, out) = run_with(&[]);
        result.unwrap();
        for expected in [
            "9 atoms of 4 species",
            "J. Chem. Phys. 106, 1063 (1997)",
            "power",
            "triple",
            "random rotations",
            "engine",
        ] {
            assert!(out.contains(expected), "{expected} in\n{out}");
        }
    }

    #[test]
    fn isolated_atoms_and_periodic_cells_pass() {
        let (result, out) = run_on("isolated", "2\n\nH 0 0 0\nHe 9 9 9\n");
        result.unwrap();
        assert!(out.contains("0.0 on average"));
        let (result, out) =
            run_on("crystal", "1\nLattice=\"3.35 0 0 0 3.35 0 0 0 3.35\"\nPo 1 1 1\n1\n\nPo 0 0 0\n");
        result.unwrap();
        // Neighbours at 1 and √2 cell lengths: the only ones below 5 Å.
        assert!(out.contains("18.0 on average") && out.contains("Only the first frame"), "{out}");
    }

    #[test]
    fn bad_command_lines_and_files_are_input_errors() {
        assert_eq!(input_error(&["--fast"]), "unknown option \"--fast\"; try --help");
        assert_eq!(input_error(&["a.xyz", "b.xyz"]), "one file at most, found a second: b.xyz");
        assert!(input_error(&["no/such/file.xyz"]).starts_with("cannot open no/such/file.xyz: "));
        assert!(input_error(&["--", "--fast"]).starts_with("cannot open --fast: "));
        let directory = std::env::temp_dir();
        assert!(input_error(&[directory.to_str().unwrap()]).contains(directory.to_str().unwrap()));

        let failure = run_on("malformed", "2\n\nH 0 0 0\nH 0 0\n").0.unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(
            failure.to_string().ends_with(".xyz: line 4: expected `species x y z`, found 3 in \"H 0 0\"")
        );
        let failure = run_on("coincident", "2\n\nH 0 0 0\nH 0 0 0\n").0.unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(
            failure.to_string().contains("line 4: ") && failure.to_string().contains("line 3"),
            "{failure}"
        );
    }

    #[test]
    fn help_is_printed() {
        let (result, out) = run_with(&["no/such/file.xyz", "--help"]);
        result.unwrap();
        assert!(out.starts_with("Usage: quickstart [FILE.xyz]"));
    }

    #[test]
    fn a_change_beyond_rounding_is_a_failed_check() {
        let survey = |largest_change| Survey {
            sums: Vec::new(),
            n_atoms: Vec::new(),
            n_neighbours: 0,
            max_neighbours: 10,
            n_rotations: 1,
            largest_change,
        };
        survey(1e-15).check(LMAX).unwrap();
        for change in [1e-9, f64::NAN] {
            assert_eq!(survey(change).check(LMAX).unwrap_err().exit_code(), 1);
        }
    }

    #[test]
    fn rates_have_three_digits() {
        let rates =
            [0.5, 127.0, 5754.0, 15_913.0, 372_249.0, 4_044_935.0, 77_646_794.0, 154_209_327.0].map(rounded);
        assert_eq!(rates, ["0.50  ", "127  ", "5.75 k", "15.9 k", "372 k", "4.04 M", "77.6 M", "154 M"]);
    }
}
