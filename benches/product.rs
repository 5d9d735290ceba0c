//! `cargo bench`: the product by degree, engine and element type. Every case is checked against the readable reference
//! before it is timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gaunt::{CacheLine, Engine, Plan, PlanDesc, Real, Weights, n_lm, reference};

const N_SAMPLES: usize = 4;
const N_CHANNELS: usize = 64;

fn product(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("product");
    group.throughput(Throughput::Elements((N_SAMPLES * N_CHANNELS) as u64));
    for lmax in [1, 2, 3, 4, 6, 8, 12] {
        for engine in [Engine::Direct, Engine::Grid] {
            let mut desc = PlanDesc::product(lmax, lmax, lmax);
            (desc.engine, desc.n_channels) = (engine, N_CHANNELS);
            if desc.validate().is_ok() {
                case::<f32>(&mut group, "f32", &desc);
                case::<f64>(&mut group, "f64", &desc);
            }
        }
    }
    group.finish();
}

/// Checks and times one plan.
fn case<T: Real + Into<f64>>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    desc: &PlanDesc,
) {
    let plan = Plan::<T>::new(desc, &mut []).expect("degrees to 12 have constant tables");
    let lengths = desc.lengths(N_SAMPLES).expect("small sizes");
    // Any numbers of size one, exact in both types.
    let operand =
        |len, step| (0..len).map(|i| T::from_f64((i * step % 127) as f64 / 64.0 - 1.0)).collect::<Vec<_>>();
    let (x1, x2) = (operand(lengths.x1, 37), operand(lengths.x2, 59));
    let mut out = vec![T::default(); lengths.out];
    let mut workspace = vec![CacheLine::ZERO; plan.workspace_len()];
    plan.execute(N_SAMPLES, &x1, &x2, &Weights::default(), &mut out, &mut workspace)
        .expect("all lengths are the plan's");
    check(desc, &x1, &x2, &out);
    let id = BenchmarkId::new(format!("{:?}/{name}/{:?}", plan.engine(), plan.isa()), desc.lmax1);
    let mut execute = || plan.execute(N_SAMPLES, &x1, &x2, &Weights::default(), &mut out, &mut workspace);
    group.bench_function(id, |bencher| bencher.iter(&mut execute));
}

/// Compares the last channel of the last sample with the reference.
fn check<T: Real + Into<f64>>(desc: &PlanDesc, x1: &[T], x2: &[T], out: &[T]) {
    let last = |array: &[T], lmax| -> Vec<f64> {
        let sample = &array[(N_SAMPLES - 1) * n_lm(lmax) * N_CHANNELS..];
        (0..n_lm(lmax)).map(|lm| sample[lm * N_CHANNELS + N_CHANNELS - 1].into()).collect()
    };
    let (x1, x2, out) = (last(x1, desc.lmax1), last(x2, desc.lmax2), last(out, desc.lmax3));
    let mut expected = vec![0.0; out.len()];
    reference::product(desc.lmax1, desc.lmax2, desc.lmax3, &x1, &x2, &mut expected);
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let difference: Vec<_> = out.iter().zip(&expected).map(|(a, b)| a - b).collect();
    // Single precision and a margin: this is about wrong results; accuracy is the tests' subject.
    assert!(norm(&difference) <= 1e-5 * norm(&expected), "wrong product for {desc:?}");
}

criterion_group!(benches, product);
criterion_main!(benches);
