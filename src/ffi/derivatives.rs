//! The C API of derivatives: directional derivatives (`jvp`) and gradients (`vjp`) of a plan's operation, and its self-check.

// Exporting symbols counts as `unsafe_code`; nothing else here is (see `guard`).
#![allow(unsafe_code)]

use core::ffi::c_void;

use super::{
    Arrays, Element, GAUNT_ERR_NULL_POINTER, GAUNT_ERR_OVERFLOW, GAUNT_ERR_SIZE_MISMATCH, TypedPlan,
    argument_lengths, arguments, gaunt_gradients_f32, gaunt_gradients_f64, gaunt_plan, gaunt_status,
    gaunt_tangents_f32, gaunt_tangents_f64, gaunt_weights_f32, gaunt_weights_f64, guard, marked, status,
    typed, values, workspace_bytes as bytes_needed,
};
use crate::lanes::CacheLine;
use crate::plan::{Gradients, Tangents, Weights};

/// Directional derivatives of a plan whose `dtype` is `GAUNT_DTYPE_F32`: `out = Σ ∂result/∂a · tangent` over the arguments
/// `a`, operands and weights, that have a tangent, with the result of `gaunt_execute_f32`.
///
/// - `plan`, `n_samples`, `x1`, `x2`, `weights`: as for `gaunt_execute_f32`.
/// - `tangents`: the directions; not NULL.
/// - `accumulate`: 1 to add to what `out` holds, 0 to overwrite it.
/// - `out`, `out_len`: receives the derivative, as long as the result; may not overlap any other array of the call, nor the
///   plan memory.
/// - `workspace`, `workspace_bytes`: as for `gaunt_execute_f32`.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `MISALIGNED` (the struct `weights`); `NULL_POINTER`, `MISALIGNED` (the struct `tangents`); `INVALID_ARGUMENT`
/// (`accumulate`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`,
/// `MISALIGNED`, `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written. Threads and reproducibility: as `gaunt_execute_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_jvp_f32(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f32,
    x1_len: usize,
    x2: *const f32,
    x2_len: usize,
    weights: *const gaunt_weights_f32,
    tangents: *const gaunt_tangents_f32,
    accumulate: i32,
    out: *mut f32,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, out, workspace) = ((x1, x1_len), (x2, x2_len), (out, out_len), (workspace, workspace_bytes));
    status::from_result(jvp(plan, n_samples, [x1, x2], weights, tangents, accumulate, out, workspace))
}

/// Directional derivatives of a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_jvp_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_jvp_f64(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f64,
    x1_len: usize,
    x2: *const f64,
    x2_len: usize,
    weights: *const gaunt_weights_f64,
    tangents: *const gaunt_tangents_f64,
    accumulate: i32,
    out: *mut f64,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, out, workspace) = ((x1, x1_len), (x2, x2_len), (out, out_len), (workspace, workspace_bytes));
    status::from_result(jvp(plan, n_samples, [x1, x2], weights, tangents, accumulate, out, workspace))
}

/// Gradients of a plan whose `dtype` is `GAUNT_DTYPE_F32`: given `cotangent`, the gradient of a number E with respect to the
/// result of `gaunt_execute_f32`, the gradients of E with respect to operands and weights, any of them in one call.
///
/// - `plan`, `n_samples`, `x1`, `x2`, `weights`: as for `gaunt_execute_f32`. With 0 samples and `accumulate` 0, gradients of
///   what samples share become 0.
/// - `cotangent`, `cotangent_len`: as long as the result; read only.
/// - `gradients`: the arrays that receive gradients; not NULL. None of these may overlap any other array of the call, nor the
///   plan memory; inputs may overlap one another. For `x1 == x2` the gradient is the sum of both: ask for two arrays and add.
///   Gradients of what channels or samples share are sums over these, in order: accumulating over successive parts of a batch
///   gives the same bits as the whole batch at once.
/// - `accumulate`: 1 to add to what the arrays hold, 0 to overwrite them.
/// - `workspace`, `workspace_bytes`: as for `gaunt_execute_f32`.
///
/// Second derivatives are calls of the same functions. Let `u1`, `u2` be the gradients of a number with respect to
/// `gradients->x1` and `gradients->x2`. Its gradient with respect to `cotangent` is `gaunt_jvp_*` with the tangents `u1`, `u2`;
/// with respect to `x1`, what `gaunt_vjp_*` gives for `x1` with `u2` in the place of `x2`; with respect to `x2`, what it gives
/// for `x2` with `u1` in the place of `x1`.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `MISALIGNED` (the struct `weights`); `NULL_POINTER`, `MISALIGNED` (the struct `gradients`); `INVALID_ARGUMENT`
/// (`accumulate`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`,
/// `MISALIGNED`, `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written. Threads and reproducibility: as `gaunt_execute_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_vjp_f32(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f32,
    x1_len: usize,
    x2: *const f32,
    x2_len: usize,
    weights: *const gaunt_weights_f32,
    cotangent: *const f32,
    cotangent_len: usize,
    gradients: *const gaunt_gradients_f32,
    accumulate: i32,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, cotangent) = ((x1, x1_len), (x2, x2_len), (cotangent, cotangent_len));
    let workspace = (workspace, workspace_bytes);
    status::from_result(vjp(plan, n_samples, [x1, x2], weights, cotangent, gradients, accumulate, workspace))
}

/// Gradients of a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_vjp_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_vjp_f64(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f64,
    x1_len: usize,
    x2: *const f64,
    x2_len: usize,
    weights: *const gaunt_weights_f64,
    cotangent: *const f64,
    cotangent_len: usize,
    gradients: *const gaunt_gradients_f64,
    accumulate: i32,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, cotangent) = ((x1, x1_len), (x2, x2_len), (cotangent, cotangent_len));
    let workspace = (workspace, workspace_bytes);
    status::from_result(vjp(plan, n_samples, [x1, x2], weights, cotangent, gradients, accumulate, workspace))
}

/// The bytes of memory that `gaunt_plan_self_check` needs.
///
/// - `plan`: an initialised plan; not NULL.
/// - `memory_bytes`: receives the size; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` and `ABI_MISMATCH` (plan); `UNSUPPORTED` (`lmax3` beyond
/// `GAUNT_LMAX_INPUT`, to which functions can be rotated); `OVERFLOW`; `MISALIGNED` (`memory_bytes`). On error nothing is
/// written. Threads: safe concurrently on the same plan.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_self_check_memory(
    plan: *const gaunt_plan,
    memory_bytes: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        if memory_bytes.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let plan = marked(plan)?;
        guard::write(memory_bytes, self_check_bytes(&plan.plan)?)
    })())
}

/// Checks a plan on the machine where it runs, with random arguments of one sample: rotating the operands rotates the result,
/// `gaunt_jvp_*` and `gaunt_vjp_*` are adjoint, and `gaunt_jvp_*` is the difference of results.
///
/// - `plan`: an initialised plan; not NULL.
/// - `seed`: of the random arguments.
/// - `memory`, `memory_bytes`: at least the bytes of `gaunt_plan_self_check_memory`, aligned to `GAUNT_ALIGNMENT`; contents
///   need not be initialised and are undefined afterwards.
/// - `worst`: receives the largest error divided by the bound that follows from rounding: at most 1 if all is well, usually
///   far below; not NULL. The status is `GAUNT_SUCCESS` even if errors are found: test `if (!(worst <= 1))`, which is true for
///   NaN too.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` and `ABI_MISMATCH` (plan); `UNSUPPORTED`, `OVERFLOW` as
/// `gaunt_plan_self_check_memory`; `MISALIGNED`, `MEMORY_TOO_SMALL` (memory); `MISALIGNED` (`worst`); `ALIASING`. On error
/// nothing is written to `worst`. Threads: safe concurrently on the same plan with distinct memory. Cost: a dozen executions, and the
/// tables of rotations.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_self_check(
    plan: *const gaunt_plan,
    seed: u64,
    memory: *mut c_void,
    memory_bytes: usize,
    worst: *mut f64,
) -> gaunt_status {
    status::from_result((|| {
        if worst.is_null() || memory.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let plan = marked(plan)?;
        let needed = self_check_bytes(&plan.plan)?;
        guard::check_lines(memory, memory_bytes, needed)?;
        guard::check_optional(worst)?;
        guard::check_disjoint(&[plan.memory()], &[(worst, 1)], (memory, memory_bytes))?;
        let memory = guard::lines_mut(memory, memory_bytes, needed)?;
        let found = match &plan.plan {
            TypedPlan::F32(plan) => plan.self_check(seed, memory),
            TypedPlan::F64(plan) => plan.self_check(seed, memory),
        };
        guard::write(worst, found.map_err(status::of)?.worst())
    })())
}

/// Bytes that a check needs.
fn self_check_bytes(plan: &TypedPlan) -> Result<usize, gaunt_status> {
    let lines = match plan {
        TypedPlan::F32(plan) => plan.self_check_len(),
        TypedPlan::F64(plan) => plan.self_check_len(),
    };
    lines.map_err(status::of)?.checked_mul(size_of::<CacheLine>()).ok_or(GAUNT_ERR_OVERFLOW)
}

/// Whether arrays are absent or as long as they should be.
fn lengths_fit(received: [usize; 5], expected: [usize; 5]) -> bool {
    received.iter().zip(expected).all(|(received, expected)| *received == 0 || *received == expected)
}

/// An array, unless it is absent.
fn optional<'a, T>((pointer, len): (*const T, usize)) -> Option<&'a [T]> {
    if len == 0 { None } else { Some(guard::array(pointer, len)) }
}

/// Likewise, to write.
fn optional_mut<'a, T>((pointer, len): (*mut T, usize)) -> Option<&'a mut [T]> {
    if len == 0 { None } else { Some(guard::array_mut(pointer, len)) }
}

/// The body of `gaunt_jvp_f32` and `gaunt_jvp_f64`.
fn jvp<T: Element>(
    plan: *const gaunt_plan,
    n_samples: usize,
    operands: Arrays<T, 2>,
    weights: *const T::Weights,
    tangents: *const T::Tangents,
    accumulate: i32,
    out: (*mut T, usize),
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    let (plan, plan_memory) = typed::<T>(plan)?;
    let arguments = arguments(operands, weights)?;
    let tangents = T::tangents(&guard::read(tangents)?);
    let accumulate = values::value(&values::FLAGS, accumulate)?;
    let lengths = plan.lengths(n_samples).map_err(status::of)?;
    let [a, b, c, d, e] = arguments;
    let [f, g, h, i, j] = tangents;
    let inputs = [plan_memory, a, b, c, d, e, f, g, h, i, j];
    for (pointer, len) in inputs {
        guard::check_array(pointer, len)?;
    }
    guard::check_array(out.0.cast_const(), out.1)?;
    let expected = argument_lengths(&lengths);
    let fit = super::fit(&arguments, expected) && lengths_fit(tangents.map(|(_, len)| len), expected);
    if !fit || out.1 != lengths.out {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    let needed = bytes_needed(plan)?;
    guard::check_lines(workspace.0, workspace.1, needed)?;
    guard::check_disjoint(&inputs, &[out], workspace)?;

    let [x1, x2, weights1, weights2, weights3] = arguments.map(|(pointer, len)| guard::array(pointer, len));
    let weights = Weights { weights1, weights2, weights3 };
    let [x1_tangent, x2_tangent, weights1, weights2, weights3] = tangents.map(optional);
    let tangents = Tangents { x1: x1_tangent, x2: x2_tangent, weights1, weights2, weights3 };
    let workspace = guard::lines_mut(workspace.0, workspace.1, needed)?;
    let out = guard::array_mut(out.0, out.1);
    plan.jvp(n_samples, x1, x2, &weights, &tangents, accumulate, out, workspace).map_err(status::of)
}

/// The body of `gaunt_vjp_f32` and `gaunt_vjp_f64`.
fn vjp<T: Element>(
    plan: *const gaunt_plan,
    n_samples: usize,
    operands: Arrays<T, 2>,
    weights: *const T::Weights,
    cotangent: (*const T, usize),
    gradients: *const T::Gradients,
    accumulate: i32,
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    let (plan, plan_memory) = typed::<T>(plan)?;
    let arguments = arguments(operands, weights)?;
    let gradients = T::gradients(&guard::read(gradients)?);
    let accumulate = values::value(&values::FLAGS, accumulate)?;
    let lengths = plan.lengths(n_samples).map_err(status::of)?;
    let [a, b, c, d, e] = arguments;
    let inputs = [plan_memory, a, b, c, d, e, cotangent];
    for (pointer, len) in inputs {
        guard::check_array(pointer, len)?;
    }
    for (pointer, len) in gradients {
        guard::check_array(pointer.cast_const(), len)?;
    }
    let expected = argument_lengths(&lengths);
    let fit = super::fit(&arguments, expected) && lengths_fit(gradients.map(|(_, len)| len), expected);
    if !fit || cotangent.1 != lengths.out {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    let needed = bytes_needed(plan)?;
    guard::check_lines(workspace.0, workspace.1, needed)?;
    guard::check_disjoint(&inputs, &gradients, workspace)?;

    let [x1, x2, weights1, weights2, weights3] = arguments.map(|(pointer, len)| guard::array(pointer, len));
    let weights = Weights { weights1, weights2, weights3 };
    let cotangent = guard::array(cotangent.0, cotangent.1);
    let [x1_gradient, x2_gradient, weights1, weights2, weights3] = gradients.map(optional_mut);
    let gradients = Gradients { x1: x1_gradient, x2: x2_gradient, weights1, weights2, weights3 };
    let workspace = guard::lines_mut(workspace.0, workspace.1, needed)?;
    plan.vjp(n_samples, x1, x2, &weights, cotangent, gradients, accumulate, workspace).map_err(status::of)
}
