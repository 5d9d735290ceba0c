//! `cargo bench`: the product by degree, engine and element type, beside plain FFTs. Every case is checked against the
//! readable reference before it is timed.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gaunt::{CacheLine, Engine, Plan, PlanDesc, Real, Weights, n_lm, reference};
use realfft::FftNum;
use textbook::Textbook;

mod textbook;

const N_SAMPLES: usize = 4;
const N_CHANNELS: usize = 64;

fn product(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("product");
    group.throughput(Throughput::Elements((N_SAMPLES * N_CHANNELS) as u64));
    for lmax in [1, 2, 3, 4, 6, 8, 12, 16] {
        for engine in [Engine::Direct, Engine::Grid, Engine::Fourier] {
            let mut desc = PlanDesc::product(lmax, lmax, lmax);
            (desc.engine, desc.n_channels) = (engine, N_CHANNELS);
            if desc.validate().is_ok() {
                with_plan::<f32>(&mut group, "f32", &desc);
                with_plan::<f64>(&mut group, "f64", &desc);
            }
        }
        with_plain_transforms::<f32>(&mut group, "f32", lmax);
        with_plain_transforms::<f64>(&mut group, "f64", lmax);
    }
    group.finish();
}

/// Any numbers of size one, exact in both types.
fn operand<T: Real>(len: usize, step: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64((i * step % 127) as f64 / 64.0 - 1.0)).collect()
}

/// Checks and times one plan.
fn with_plan<T: Real + Into<f64>>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, desc: &PlanDesc) {
    let mut tables = vec![CacheLine::ZERO; desc.memory::<T>().expect("small sizes").tables];
    let plan = Plan::<T>::new(desc, &mut tables).expect("the memory is what the plan needs");
    let lengths = desc.lengths(N_SAMPLES).expect("small sizes");
    let (x1, x2) = (operand::<T>(lengths.x1, 37), operand::<T>(lengths.x2, 59));
    let mut out = vec![T::default(); lengths.out];
    let mut workspace = vec![CacheLine::ZERO; plan.workspace_len()];
    plan.execute(N_SAMPLES, &x1, &x2, &Weights::default(), &mut out, &mut workspace)
        .expect("all lengths are the plan's");
    // The last channel of the last sample.
    let last = |array: &[T]| -> Vec<T> {
        let sample = &array[(N_SAMPLES - 1) * n_lm(desc.lmax1) * N_CHANNELS..];
        sample.iter().skip(N_CHANNELS - 1).step_by(N_CHANNELS).copied().collect()
    };
    check(desc.lmax1, &last(&x1), &last(&x2), &last(&out));
    let id = BenchmarkId::new(format!("{:?}/{name}/{:?}", plan.engine(), plan.isa()), desc.lmax1);
    let mut execute = || plan.execute(N_SAMPLES, &x1, &x2, &Weights::default(), &mut out, &mut workspace);
    group.bench_function(id, |bencher| bencher.iter(&mut execute));
}

/// Checks and times the same number of products by plain FFTs.
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
    let mut products = || (0..N_SAMPLES * N_CHANNELS).for_each(|_| book.product(&x1, &x2, &mut out));
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

criterion_group!(benches, product);
criterion_main!(benches);
