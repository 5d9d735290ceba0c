//! The command line.

use std::ffi::OsString;

use gaunt::{Broadcast, Engine, Isa, LMAX_INPUT, Layout};

use crate::config::{Batch, Config, Degrees, Dtype, Named};
use crate::operation::Operation;

pub(crate) const HELP: &str = "\
Usage: throughput [OPTIONS]

Checks every selected candidate against the library's readable reference, then times all candidates of the same
degrees and batch in turns, beside the machine's own speed. One product is one sample of one channel, whatever the
operation. Medians of:

  ns/product  time per product, calls back to back
  slots       time per product × vector multiply-adds per second of this core × lanes per vector: does not depend on
              the clock, and little on the vector length
  model       model bound / slots; the bound counts multiply-adds, the fewer of: the non-zero coefficients, for every
              result; exact quadrature on a grid folded by two symmetries. A shared operand counts in full
  GB/s        functions read and results written, once
  Gvec/s      10⁹ vector multiply-adds per second in registers

Options, LIST separated by commas:
  --operation LIST    product, bracket, product_and_bracket: operands with one part, output with both;
                      product_vjp, bracket_vjp: gradients of both operands    default: product
  --engine LIST       auto, direct, grid, fourier             default: auto, the library's choice
  --isa LIST          scalar, neon, avx2, avx512              default: the best of this CPU
  --dtype LIST        f32, f64                                default: all
  --layout LIST       lm_channel, channel_lm, e3nn_blocks     default: all
  --degrees LIST      L, or L1xL2xL3 for operands and output  default: 1,2,3,4,5,6,7,8,10,12
  --output LIST       L, 2L: output degrees where --degrees gives only L       default: L
  --batch LIST        SAMPLESxCHANNELS of one call                             default: 2x128
  --broadcast WHAT    none, channels: second operand shared by all channels    default: none
  --rounds N          turns of every candidate                                 default: 51
  --triad             also time two streams read and one written, as long as what a call reads and writes
  --json              one object per line
  -h, --help          print this

Names may also be `all`. The default batch stays in the cache; --batch 65536x8 --degrees 1,2 --triad streams from
memory; --batch 1x1 is the cost of a call.

Exit code: 0 success, 1 a check failed, 2 the command line cannot be used.";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Run(Box<Selection>, Options),
}

/// How to measure and print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) triad: bool,
    pub(crate) json: bool,
}

/// Which candidates.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) operations: Vec<Operation>,
    pub(crate) degrees: Vec<Degrees>,
    pub(crate) batches: Vec<Batch>,
    pub(crate) broadcast: Broadcast,
    engines: Vec<Engine>,
    isas: Vec<Isa>,
    dtypes: Vec<Dtype>,
    layouts: Vec<Layout>,
}

impl Selection {
    /// The candidates of one group, those that differ only in the operation side by side. Engines that do not serve the
    /// degrees are left out.
    pub(crate) fn group(&self, degrees: Degrees, batch: Batch) -> Vec<Config> {
        let mut configs = Vec::new();
        for &engine in self.engines.iter().filter(|engine| serves(**engine, degrees)) {
            for &isa in &self.isas {
                for &dtype in &self.dtypes {
                    for &layout in &self.layouts {
                        let broadcast = self.broadcast;
                        configs.extend(self.operations.iter().map(|&operation| Config {
                            operation,
                            degrees,
                            batch,
                            broadcast,
                            engine,
                            isa,
                            dtype,
                            layout,
                        }));
                    }
                }
            }
        }
        configs
    }

    /// The engines that do not serve the degrees.
    pub(crate) fn left_out(&self, degrees: Degrees) -> impl Iterator<Item = &'static str> {
        self.engines.iter().filter(move |engine| !serves(**engine, degrees)).map(|engine| engine.name())
    }
}

/// Whether an engine has the degrees, whatever the operation.
fn serves(engine: Engine, degrees: Degrees) -> bool {
    let mut desc = Operation::Product.describe(degrees);
    desc.engine = engine;
    desc.validate().is_ok()
}

/// Reads the arguments after the program's name. The error says what was expected.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Command, String> {
    let mut options = Options { rounds: 51, triad: false, json: false };
    let (mut operations, mut engines, mut isas) = (None, None, None);
    let (mut dtypes, mut layouts, mut broadcast) = (None, None, None);
    let (mut degrees, mut outputs, mut batches, mut rounds) = (None, None, None, None);
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        let (option, attached) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
            _ => (&*argument, None),
        };
        let is_flag = match option {
            "-h" | "--help" => return Ok(Command::Help),
            "--triad" => {
                options.triad = true;
                true
            }
            "--json" => {
                options.json = true;
                true
            }
            _ => false,
        };
        if is_flag {
            match attached {
                None => continue,
                Some(value) => return Err(format!("{option}: expected no value, found {value:?}")),
            }
        }
        let slot = match option {
            "--operation" => &mut operations,
            "--engine" => &mut engines,
            "--isa" => &mut isas,
            "--dtype" => &mut dtypes,
            "--layout" => &mut layouts,
            "--broadcast" => &mut broadcast,
            "--degrees" => &mut degrees,
            "--output" => &mut outputs,
            "--batch" => &mut batches,
            "--rounds" => &mut rounds,
            _ => return Err(format!("expected an option that --help lists, found {option:?}")),
        };
        let value = attached.or_else(|| arguments.next().map(std::borrow::Cow::into_owned));
        let Some(value) = value else {
            return Err(format!("{option}: expected a value, found the end of the command line"));
        };
        if slot.replace(value).is_some() {
            return Err(format!("{option}: expected once, found twice; lists are separated by commas"));
        }
    }

    if let Some(value) = rounds {
        options.rounds = positive(&value)
            .filter(|n| *n <= 1_000_000)
            .ok_or_else(|| format!("--rounds: expected a positive number, found {value:?}"))?;
    }
    let doubled = list(outputs.as_deref().unwrap_or("L"), "--output", "L or 2L", |word| match word {
        "L" => Some(false),
        "2L" => Some(true),
        _ => None,
    })?;
    let broadcast = names(broadcast.as_deref().unwrap_or("none"), "--broadcast", |_| true)?;
    let &[broadcast] = broadcast.as_slice() else {
        return Err("--broadcast: expected one of none, channels, found several".to_owned());
    };
    let best = Isa::detect().name();
    let selection = Selection {
        operations: names(operations.as_deref().unwrap_or("product"), "--operation", |_| true)?,
        degrees: parse_degrees(degrees.as_deref().unwrap_or("1,2,3,4,5,6,7,8,10,12"), &doubled)?,
        batches: list(
            batches.as_deref().unwrap_or("2x128"),
            "--batch",
            "SAMPLESxCHANNELS, both positive",
            parse_batch,
        )?,
        broadcast,
        engines: names(engines.as_deref().unwrap_or("auto"), "--engine", |_| true)?,
        isas: names(isas.as_deref().unwrap_or(best), "--isa", Isa::is_available)?,
        dtypes: names(dtypes.as_deref().unwrap_or("all"), "--dtype", |_| true)?,
        layouts: names(layouts.as_deref().unwrap_or("all"), "--layout", |_| true)?,
    };
    Ok(Command::Run(Box::new(selection), options))
}

/// The words of a list, without repetitions.
fn list<T: PartialEq>(
    text: &str,
    option: &str,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    let mut values = Vec::new();
    for word in text.split(',') {
        let value = parse(word).ok_or_else(|| format!("{option}: expected {expected}, found {word:?}"))?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

/// Names of what is available, or `all` of it.
fn names<T: Named>(text: &str, option: &str, is_available: fn(T) -> bool) -> Result<Vec<T>, String> {
    let available = || T::CHOICES.iter().filter(|choice| is_available(choice.1));
    if text == "all" {
        return Ok(available().map(|choice| choice.1).collect());
    }
    let known: Vec<_> = available().map(|choice| choice.0).chain(["all"]).collect();
    let here = if available().count() < T::CHOICES.len() { " (on this CPU)" } else { "" };
    let expected = format!("{}{here}", known.join(", "));
    list(text, option, &expected, |word| available().find(|choice| choice.0 == word).map(|choice| choice.1))
}

/// Degrees, each with every output asked for if it is a single number.
fn parse_degrees(text: &str, doubled: &[bool]) -> Result<Vec<Degrees>, String> {
    let words = list(text, "--degrees", "L or L1xL2xL3", |word| {
        let numbers: Vec<usize> = word.split('x').map(number).collect::<Option<_>>()?;
        matches!(numbers.len(), 1 | 3).then_some(numbers)
    })?;
    let mut degrees = Vec::new();
    for numbers in words {
        let triples: Vec<[usize; 3]> = match *numbers {
            [l1, l2, l3] => vec![[l1, l2, l3]],
            [l, ..] => doubled.iter().map(|twice| [l, l, if *twice { 2 * l } else { l }]).collect(),
            [] => Vec::new(),
        };
        for triple in triples {
            let [l1, l2, l3] = triple;
            if l1 > LMAX_INPUT || l2 > LMAX_INPUT || l3 > l1 + l2 {
                return Err(format!(
                    "--degrees: expected operands to {LMAX_INPUT} and an output to their sum, found {}",
                    Degrees(triple)
                ));
            }
            if !degrees.contains(&Degrees(triple)) {
                degrees.push(Degrees(triple));
            }
        }
    }
    Ok(degrees)
}

fn parse_batch(text: &str) -> Option<Batch> {
    let (samples, channels) = text.split_once('x')?;
    let (samples, channels) = (positive(samples)?, positive(channels)?);
    samples.checked_mul(channels)?;
    Some(Batch { samples, channels })
}

fn positive(text: &str) -> Option<usize> {
    number(text).filter(|n| *n > 0)
}

/// A number in plain digits, small enough to be doubled.
fn number(text: &str) -> Option<usize> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|n| is_plain && *n <= usize::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    fn run(line: &str) -> (Selection, Options) {
        match parse_line(line) {
            Ok(Command::Run(selection, options)) => (*selection, options),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn defaults_cover_both_types_and_all_layouts() {
        let (selection, options) = run("");
        assert_eq!(selection.degrees.len(), 10);
        assert!(selection.degrees.iter().all(|Degrees([l1, l2, l3])| l1 == l2 && l2 == l3));
        assert_eq!(selection.batches, [Batch { samples: 2, channels: 128 }]);
        assert_eq!(selection.isas, [Isa::detect()]);
        assert_eq!((options.rounds, options.triad, options.json), (51, false, false));
        let group = selection.group(selection.degrees[0], selection.batches[0]);
        assert_eq!(group.len(), 6);
        assert!(group.iter().all(|config| config.engine == Engine::Auto));
        assert!(group.iter().all(|config| config.operation == Operation::Product));
    }

    #[test]
    fn filters_select() {
        let (selection, options) = run(
            "--engine direct,grid --isa=scalar --dtype f32 --layout lm_channel,lm_channel --degrees 1,5x5x8,2 \
             --output L,2L --batch 2x128,1x1 --broadcast channels --rounds 3 --triad --json",
        );
        let triples: Vec<_> = selection.degrees.iter().map(|degrees| degrees.0).collect();
        assert_eq!(triples, [[1, 1, 1], [1, 1, 2], [5, 5, 8], [2, 2, 2], [2, 2, 4]]);
        assert_eq!(selection.batches[1].to_string(), "1x1");
        assert_eq!((options.rounds, options.triad, options.json), (3, true, true));
        let group = selection.group(Degrees([5, 5, 8]), selection.batches[0]);
        let &[only] = group.as_slice() else { panic!("{group:?}") };
        assert_eq!((only.engine, only.isa, only.dtype), (Engine::Grid, Isa::Scalar, Dtype::F32));
        assert_eq!((only.layout, only.broadcast), (Layout::LmChannel, Broadcast::Channels));
        assert!(selection.left_out(Degrees([5, 5, 8])).eq(["direct"]));
        assert_eq!(selection.left_out(Degrees([1, 1, 2])).count(), 0);
        assert!(matches!(parse_line("--json -h"), Ok(Command::Help)));
        assert!(run("--isa all").0.isas.contains(&Isa::Scalar));
    }

    #[test]
    fn operations_share_a_group() {
        let (selection, _) = run("--operation all --dtype f32 --layout lm_channel");
        let names = |l| -> Vec<_> {
            let group = selection.group(Degrees([l, l, l]), selection.batches[0]);
            group.iter().map(|config| config.operation.name()).collect()
        };
        assert_eq!(names(15), ["product", "bracket", "product_and_bracket", "product_vjp", "bracket_vjp"]);
    }

    #[test]
    fn faults_say_what_was_expected() {
        for (line, expected) in [
            ("product", "expected an option that --help lists, found \"product\""),
            ("--engines auto", "expected an option that --help lists, found \"--engines\""),
            ("--json=1", "--json: expected no value, found \"1\""),
            ("--dtype", "--dtype: expected a value, found the end of the command line"),
            ("--dtype f16", "--dtype: expected f32, f64, all, found \"f16\""),
            ("--dtype f32,", "--dtype: expected f32, f64, all, found \"\""),
            ("--dtype f32 --dtype f64", "--dtype: expected once, found twice; lists are separated by commas"),
            ("--engine gpu", "--engine: expected auto, direct, grid, fourier, all, found \"gpu\""),
            ("--degrees 1-8", "--degrees: expected L or L1xL2xL3, found \"1-8\""),
            ("--degrees 4x4", "--degrees: expected L or L1xL2xL3, found \"4x4\""),
            ("--degrees +4", "--degrees: expected L or L1xL2xL3, found \"+4\""),
            (
                "--degrees 4x4x9",
                "--degrees: expected operands to 256 and an output to their sum, found 4x4x9",
            ),
            (
                "--degrees 257",
                "--degrees: expected operands to 256 and an output to their sum, found 257x257x257",
            ),
            ("--output 3L", "--output: expected L or 2L, found \"3L\""),
            ("--batch 0x8", "--batch: expected SAMPLESxCHANNELS, both positive, found \"0x8\""),
            ("--batch 128", "--batch: expected SAMPLESxCHANNELS, both positive, found \"128\""),
            ("--broadcast samples", "--broadcast: expected none, channels, all, found \"samples\""),
            ("--rounds 0", "--rounds: expected a positive number, found \"0\""),
        ] {
            match parse_line(line) {
                Err(message) => assert_eq!(message, expected, "{line}"),
                Ok(command) => panic!("{line}: {command:?}"),
            }
        }
        let missing = Isa::ALL.into_iter().find(|isa| !isa.is_available()).unwrap(); // NEON or AVX2
        let message = parse_line(&format!("--isa {}", missing.name())).unwrap_err();
        assert!(message.contains("(on this CPU)"), "{message}");
    }
}
