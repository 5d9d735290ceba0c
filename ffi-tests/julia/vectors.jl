# Every case of vectors.txt in both element types, and its gradients, through `ccall`.
#
#     julia vectors.jl libgaunt.so ../vectors/vectors.txt
#
# A C array [sample][channel][lm] is a Julia array (lm, channel, sample): the same memory, the dimensions reversed.

using LinearAlgebra: dot, norm
using Test

const LIB = abspath(ARGS[1])

const SUCCESS = Int32(0)
const UNSUPPORTED = Int32(-3)
const LAYOUT_CHANNEL_LM = Int32(1)
const ALIGNMENT = 64

"""gaunt_plan_desc"""
mutable struct PlanDesc
    struct_size::UInt32
    operation::Int32
    dtype::Int32
    lmax1::Int32
    lmax2::Int32
    lmax3::Int32
    layout::Int32
    normalization::Int32
    parts1::Int32
    parts2::Int32
    broadcast1::Int32
    broadcast2::Int32
    weights1::Int32
    weights2::Int32
    weights3::Int32
    engine::Int32
    isa::Int32
    reserved0::Int32
    n_channels::UInt64
    reserved::NTuple{4,UInt64}
    PlanDesc() = new()
end

"""gaunt_gradients_f32 or gaunt_gradients_f64, of the operands only"""
struct Gradients{T}
    x1::Ptr{T}
    x1_len::Csize_t
    x2::Ptr{T}
    x2_len::Csize_t
    weights::NTuple{3,Tuple{Ptr{T},Csize_t}}
    Gradients(x1::Array{T}, x2::Array{T}) where {T} =
        new{T}(pointer(x1), length(x1), pointer(x2), length(x2), ntuple(_ -> (Ptr{T}(C_NULL), Csize_t(0)), 3))
end

dtype(::Type{Float32}) = Int32(1)
dtype(::Type{Float64}) = Int32(2)

status_string(status) = unsafe_string(ccall((:gaunt_status_string, LIB), Cstring, (Int32,), status))
check(status) = status == SUCCESS || error(status_string(status))

function describe(T, lmax1, lmax2, lmax3, n_channels)
    desc = PlanDesc()
    check(ccall((:gaunt_plan_desc_init, LIB), Int32, (Ref{PlanDesc}, UInt32), desc, sizeof(PlanDesc)))
    desc.dtype = dtype(T)
    desc.lmax1, desc.lmax2, desc.lmax3 = lmax1, lmax2, lmax3
    desc.layout = LAYOUT_CHANNEL_LM
    desc.n_channels = n_channels
    return desc
end

function memory(desc)
    plan, workspace = Ref{Csize_t}(0), Ref{Csize_t}(0)
    status = ccall((:gaunt_plan_memory, LIB), Int32, (Ref{PlanDesc}, Ref{Csize_t}, Ref{Csize_t}), desc, plan, workspace)
    return status, plan[], workspace[]
end

"""The first address in `bytes` that is aligned as the library wants it; `bytes` has `ALIGNMENT` to spare."""
aligned(bytes) = Ptr{Cvoid}(cld(UInt(pointer(bytes)), ALIGNMENT) * ALIGNMENT)

for (T, execute_name, vjp_name) in
    ((Float32, :gaunt_execute_f32, :gaunt_vjp_f32), (Float64, :gaunt_execute_f64, :gaunt_vjp_f64))
    @eval execute(plan, n_samples, x1::Array{$T,3}, x2::Array{$T,3}, out::Array{$T,3}, workspace, workspace_bytes) =
        ccall(
            ($(QuoteNode(execute_name)), LIB), Int32,
            (
                Ptr{Cvoid}, Csize_t, Ptr{$T}, Csize_t, Ptr{$T}, Csize_t, Ptr{Cvoid}, Ptr{$T}, Csize_t,
                Ptr{Cvoid}, Csize_t,
            ),
            plan, n_samples, x1, length(x1), x2, length(x2), C_NULL, out, length(out),
            workspace, workspace_bytes,
        )
    @eval vjp(
        plan, n_samples, x1::Array{$T,3}, x2::Array{$T,3}, cotangent::Array{$T,3}, gradients, accumulate,
        workspace, workspace_bytes,
    ) =
        ccall(
            ($(QuoteNode(vjp_name)), LIB), Int32,
            (
                Ptr{Cvoid}, Csize_t, Ptr{$T}, Csize_t, Ptr{$T}, Csize_t, Ptr{Cvoid}, Ptr{$T}, Csize_t,
                Ref{Gradients{$T}}, Int32, Ptr{Cvoid}, Csize_t,
            ),
            plan, n_samples, x1, length(x1), x2, length(x2), C_NULL, cotangent, length(cotangent),
            gradients, accumulate, workspace, workspace_bytes,
        )
end

"""
The product of arrays (lm, channel, sample), and the gradients of half the sum of its squares, whose gradient is the product
itself.
"""
function product_and_gradients(x1::Array{T,3}, x2::Array{T,3}, lmax1, lmax2, lmax3) where {T}
    _, n_channels, n_samples = size(x1)
    desc = describe(T, lmax1, lmax2, lmax3, n_channels)
    status, plan_bytes, workspace_bytes = memory(desc)
    check(status)
    plan_memory, workspace = zeros(UInt8, plan_bytes + ALIGNMENT), zeros(UInt8, workspace_bytes + ALIGNMENT)
    out = zeros(T, (lmax3 + 1)^2, n_channels, n_samples)
    gradient1, gradient2 = zero(x1), zero(x2)
    plan = Ref{Ptr{Cvoid}}()
    GC.@preserve plan_memory workspace gradient1 gradient2 begin
        check(ccall(
            (:gaunt_plan_init, LIB), Int32, (Ref{PlanDesc}, Ptr{Cvoid}, Csize_t, Ref{Ptr{Cvoid}}),
            desc, aligned(plan_memory), plan_bytes, plan,
        ))
        check(execute(plan[], n_samples, x1, x2, out, aligned(workspace), workspace_bytes))
        gradients = Gradients(gradient1, gradient2)
        check(vjp(plan[], n_samples, x1, x2, out, gradients, 0, aligned(workspace), workspace_bytes))
    end
    return out, gradient1, gradient2
end

"""The cases: degrees, operands, expected coefficients."""
function cases(path)
    numbers = Iterators.Stateful(parse.(Float64, split(join(filter(l -> !startswith(l, '#'), readlines(path)), " "))))
    next() = popfirst!(numbers)
    take(n) = Float64[next() for _ in 1:n]
    take(7 * Int(next())) # the single coefficients
    return map(1:Int(next())) do _
        lmax = Int.(take(3))
        x1, x2, expected, _ = (take((l + 1)^2) for l in (lmax..., lmax[3]))
        (lmax, x1, x2, expected)
    end
end

@testset "gaunt" begin
    status, = memory(describe(Float64, 1, 1, 3, 1))
    @test status == UNSUPPORTED
    @test !isempty(status_string(status))
    for (lmax, x1, x2, expected) in cases(ARGS[2]), T in (Float32, Float64)
        n_channels, n_samples = 3, 2
        many1, many2 = (repeat(T.(x), 1, n_channels, n_samples) for x in (x1, x2))
        out, gradient1, gradient2 = product_and_gradients(many1, many2, lmax...)
        # the norm of the error, as c/vectors.c bounds it
        tolerance = 10 * eps(T) * norm(x1) * norm(x2)
        for c in 1:n_channels, s in 1:n_samples
            @test norm(out[:, c, s] - expected) <= tolerance
            # the product is linear in either operand; it, the gradient and the operands are rounded
            squares, allowed = norm(Float64.(out[:, c, s]))^2, 3 * tolerance * norm(expected)
            @test abs(dot(Float64.(gradient1[:, c, s]), x1) - squares) <= allowed
            @test abs(dot(Float64.(gradient2[:, c, s]), x2) - squares) <= allowed
        end
    end
end
