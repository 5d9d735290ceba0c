//! `cargo bench`: product, bracket and their gradients by degree, engine, element type, ISA level and layout, and products
//! beside plain FFTs. Every case is checked before it is timed, as in the `throughput` example, whose data and checks these
//! are; instructions are counted where the machine offers that.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gaunt::{Broadcast, Engine, Isa, Layout, Real, n_lm, reference};
use realfft::FftNum;

use candidate::{Candidate, candidate};
use config::{Batch, Config, Degrees, Dtype, Named};
use instructions::Instructions;
use operation::Operation;
use problem::Problem;
use textbook::Textbook;

mod instructions;
mod textbook;

// (Of these, what the example does besides and its tests are not used.)

#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/candidate.rs"]
mod candidate;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/config.rs"]
mod config;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/element.rs"]
mod element;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/model.rs"]
mod model;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/operation.rs"]
mod operation;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/problem.rs"]
mod problem;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/quadrature.rs"]
mod quadrature;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/target.rs"]
mod target;
#[allow(dead_code, unused_imports)]
#[path = "../examples/throughput/yardstick.rs"]
mod yardstick;

const IN_CACHE: Batch = Batch { samples: 4, channels: 64 };
/// What a call costs.
const SINGLE: Batch = Batch { samples: 1, channels: 1 };

/// Each engine at many degrees; at few of them each level, layout and operation with the engine that the library takes.
fn cases(dtype: Dtype) -> Vec<Config> {
    let case = |lmax| Config {
        operation: Operation::Product,
        degrees: Degrees([lmax; 3]),
        batch: IN_CACHE,
        broadcast: Broadcast::None,
        engine: Engine::Auto,
        isa: Isa::detect(),
        dtype,
        layout: Layout::LmChannel,
    };
    let mut cases = Vec::new();
    for lmax in [1, 2, 3, 4, 6, 8, 12, 16] {
        let engines = [Engine::Direct, Engine::Grid, Engine::Fourier];
        cases.extend(engines.map(|engine| Config { engine, ..case(lmax) }));
    }
    cases.retain(|config| config.desc().validate().is_ok());
    for lmax in [1, 2, 4, 8] {
        let case = case(lmax);
        let lower = Isa::ALL.into_iter().filter(|isa| isa.is_available() && *isa != case.isa);
        cases.extend(lower.map(|isa| Config { isa, ..case }));
        cases.extend([Layout::ChannelLm, Layout::E3nnBlocks].map(|layout| Config { layout, ..case }));
        let others = Operation::CHOICES.iter().filter(|(_, operation)| *operation != case.operation);
        cases.extend(others.map(|&(_, operation)| Config { operation, ..case }));
        cases.push(Config { batch: SINGLE, ..case });
    }
    cases
}

fn cases_and_textbook(criterion: &mut Criterion) {
    let mut instructions = Instructions::new();
    if instructions.is_none() {
        eprintln!("This machine does not count instructions for programs.");
    }
    let mut group = criterion.benchmark_group("gaunt");
    for dtype in [Dtype::F32, Dtype::F64] {
        for config in cases(dtype) {
            with_plan(&mut group, &config, instructions.as_mut());
        }
    }
    group.throughput(Throughput::Elements(IN_CACHE.products() as u64));
    for lmax in [1, 2, 3, 4, 6, 8, 12, 16] {
        with_plain_transforms::<f32>(&mut group, "f32", lmax);
        with_plain_transforms::<f64>(&mut group, "f64", lmax);
    }
    group.finish();
}

/// Checks and times one case.
fn with_plan(
    group: &mut BenchmarkGroup<'_, WallTime>,
    config: &Config,
    mut instructions: Option<&mut Instructions>,
) {
    let products = config.batch.products() as u64;
    let names = [
        config.operation.name(),
        config.engine.name(),
        config.isa.name(),
        config.dtype.name(),
        config.layout.name(),
        &config.batch.to_string(),
    ];
    group.throughput(Throughput::Elements(products));
    // Made where Criterion has decided to run it, once: it calls for every sample.
    let (mut memory, mut case) = (Vec::new(), None);
    let mut tables = Some(&mut memory);
    group.bench_function(BenchmarkId::new(names.join("/"), config.degrees), |bencher| {
        if let Some(tables) = tables.take() {
            let problem = Problem::new(config.operation, config.degrees);
            let mut made = candidate(config, &problem, tables).expect("the engine serves the degrees");
            let error = made.check(&problem).expect("all lengths are the plan's");
            assert!(error <= 1.0, "wrong result: {config}");
            case = Some(made);
        }
        let case = case.as_mut().expect("made above");
        let calls = |case: &mut dyn Candidate, calls| case.time(calls).expect("as in the check");
        if let Some(instructions) = instructions.take() {
            // The difference leaves out the call before those that are timed, and the clock.
            let mut count = |n| instructions.of(|| _ = calls(&mut **case, n));
            if let (Ok(few), Ok(many)) = (count(1), count(101)) {
                let per_product = many.saturating_sub(few) as f64 / (100 * products) as f64;
                eprintln!("{config}: {per_product:.1} instructions per product");
            }
        }
        bencher
            .iter_custom(|n| calls(&mut **case, usize::try_from(n).expect("as many as fit into the time")));
    });
}

/// Any numbers of size one, exact in both types.
fn operand<T: Real>(len: usize, step: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64((i * step % 127) as f64 / 64.0 - 1.0)).collect()
}

/// Checks and times as many products by plain FFTs.
fn with_plain_transforms<T: Real + FftNum + Into<f64>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    lmax: usize,
) {
    let book = Textbook::<T>::new([lmax; 3], reference::harmonics);
    let (x1, x2) = (operand::<T>(n_lm(lmax), 37), operand::<T>(n_lm(lmax), 59));
    let mut out = vec![T::default(); n_lm(lmax)];
    book.product(&x1, &x2, &mut out);
    check(lmax, &x1, &x2, &out);
    let mut products = || (0..IN_CACHE.products()).for_each(|_| book.product(&x1, &x2, &mut out));
    group.bench_function(BenchmarkId::new(format!("textbook/{name}"), lmax), |bencher| {
        bencher.iter(&mut products);
    });
}

/// Compares a product with the reference.
fn check<T: Copy + Into<f64>>(lmax: usize, x1: &[T], x2: &[T], out: &[T]) {
    let [x1, x2, out] = [x1, x2, out].map(|x| x.iter().map(|&x| x.into()).collect::<Vec<f64>>());
    let mut expected = vec![0.0; out.len()];
    reference::product(lmax, lmax, lmax, &x1, &x2, &mut expected);
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let difference: Vec<_> = out.iter().zip(&expected).map(|(a, b)| a - b).collect();
    // Single precision and a margin: this is about wrong results; accuracy is the tests' subject.
    assert!(norm(&difference) <= 1e-5 * norm(&expected), "wrong product to degree {lmax}");
}

criterion_group!(benches, cases_and_textbook);
criterion_main!(benches);
