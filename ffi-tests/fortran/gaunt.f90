! The part of gaunt.h for products and their gradients; more goes in the same way. Scalars and handles are passed by value,
! arrays by reference, statuses are function results.
!
! A Fortran array is the C array with its dimensions reversed, in the same memory: GAUNT_LAYOUT_LM_CHANNEL, the default, is
! (channel, lm, sample), GAUNT_LAYOUT_CHANNEL_LM is (lm, channel, sample). Coefficient (l, m) is at lm = l*l + l + m + 1.
module gaunt
    use, intrinsic :: iso_c_binding, only: c_int32_t, c_int64_t, c_size_t, c_float, c_double, c_ptr, c_null_ptr
    implicit none
    public

    integer(c_int32_t), parameter :: GAUNT_SUCCESS = 0, GAUNT_ERR_UNSUPPORTED = -3
    integer(c_int32_t), parameter :: GAUNT_DTYPE_F32 = 1, GAUNT_DTYPE_F64 = 2
    integer(c_int32_t), parameter :: GAUNT_LAYOUT_LM_CHANNEL = 0, GAUNT_LAYOUT_CHANNEL_LM = 1
    integer(c_int32_t), parameter :: GAUNT_LAYOUT_E3NN_BLOCKS = 2
    integer(c_size_t), parameter :: GAUNT_ALIGNMENT = 64

    type, bind(c) :: gaunt_plan_desc
        integer(c_int32_t) :: struct_size ! unsigned in C; small
        integer(c_int32_t) :: operation
        integer(c_int32_t) :: dtype
        integer(c_int32_t) :: lmax1
        integer(c_int32_t) :: lmax2
        integer(c_int32_t) :: lmax3
        integer(c_int32_t) :: layout
        integer(c_int32_t) :: normalization
        integer(c_int32_t) :: parts1
        integer(c_int32_t) :: parts2
        integer(c_int32_t) :: broadcast1
        integer(c_int32_t) :: broadcast2
        integer(c_int32_t) :: weights1
        integer(c_int32_t) :: weights2
        integer(c_int32_t) :: weights3
        integer(c_int32_t) :: engine
        integer(c_int32_t) :: isa
        integer(c_int32_t) :: reserved0
        integer(c_int64_t) :: n_channels
        integer(c_int64_t) :: reserved(4)
    end type

    ! gaunt_gradients_f32 and gaunt_gradients_f64: the arrays that are wanted.
    type, bind(c) :: gaunt_gradients
        type(c_ptr) :: x1 = c_null_ptr
        integer(c_size_t) :: x1_len = 0
        type(c_ptr) :: x2 = c_null_ptr
        integer(c_size_t) :: x2_len = 0
        type(c_ptr) :: weights1 = c_null_ptr
        integer(c_size_t) :: weights1_len = 0
        type(c_ptr) :: weights2 = c_null_ptr
        integer(c_size_t) :: weights2_len = 0
        type(c_ptr) :: weights3 = c_null_ptr
        integer(c_size_t) :: weights3_len = 0
    end type

    interface
        integer(c_int32_t) function gaunt_plan_desc_init(desc, struct_size) bind(c)
            import :: gaunt_plan_desc, c_int32_t
            type(gaunt_plan_desc), intent(out) :: desc
            integer(c_int32_t), value :: struct_size
        end function

        integer(c_int32_t) function gaunt_plan_memory(desc, plan_bytes, workspace_bytes) bind(c)
            import :: gaunt_plan_desc, c_int32_t, c_size_t
            type(gaunt_plan_desc), intent(in) :: desc
            integer(c_size_t), intent(out) :: plan_bytes, workspace_bytes
        end function

        integer(c_int32_t) function gaunt_plan_lengths(desc, n_samples, x1_len, x2_len, out_len) bind(c)
            import :: gaunt_plan_desc, c_int32_t, c_size_t
            type(gaunt_plan_desc), intent(in) :: desc
            integer(c_size_t), value :: n_samples
            integer(c_size_t), intent(out) :: x1_len, x2_len, out_len
        end function

        integer(c_int32_t) function gaunt_plan_init(desc, memory, memory_bytes, plan) bind(c)
            import :: gaunt_plan_desc, c_int32_t, c_size_t, c_ptr
            type(gaunt_plan_desc), intent(in) :: desc
            type(c_ptr), value :: memory
            integer(c_size_t), value :: memory_bytes
            type(c_ptr), intent(out) :: plan
        end function

        integer(c_int32_t) function gaunt_plan_describe(plan, desc, struct_size) bind(c)
            import :: gaunt_plan_desc, c_int32_t, c_ptr
            type(c_ptr), value :: plan
            type(gaunt_plan_desc), intent(out) :: desc
            integer(c_int32_t), value :: struct_size
        end function

        ! weights: c_null_ptr, or c_loc of a structure laid out as gaunt_weights_f32.
        integer(c_int32_t) function gaunt_execute_f32(plan, n_samples, x1, x1_len, x2, x2_len, weights, &
                                                      out, out_len, workspace, workspace_bytes) bind(c)
            import :: c_int32_t, c_size_t, c_ptr, c_float
            type(c_ptr), value :: plan, weights, workspace
            integer(c_size_t), value :: n_samples, x1_len, x2_len, out_len, workspace_bytes
            real(c_float), intent(in) :: x1(*), x2(*)
            real(c_float), intent(out) :: out(*)
        end function

        integer(c_int32_t) function gaunt_execute_f64(plan, n_samples, x1, x1_len, x2, x2_len, weights, &
                                                      out, out_len, workspace, workspace_bytes) bind(c)
            import :: c_int32_t, c_size_t, c_ptr, c_double
            type(c_ptr), value :: plan, weights, workspace
            integer(c_size_t), value :: n_samples, x1_len, x2_len, out_len, workspace_bytes
            real(c_double), intent(in) :: x1(*), x2(*)
            real(c_double), intent(out) :: out(*)
        end function

        integer(c_int32_t) function gaunt_vjp_f32(plan, n_samples, x1, x1_len, x2, x2_len, weights, cotangent, &
                                                  cotangent_len, gradients, accumulate, workspace, &
                                                  workspace_bytes) bind(c)
            import :: gaunt_gradients, c_int32_t, c_size_t, c_ptr, c_float
            type(c_ptr), value :: plan, weights, workspace
            integer(c_size_t), value :: n_samples, x1_len, x2_len, cotangent_len, workspace_bytes
            integer(c_int32_t), value :: accumulate
            real(c_float), intent(in) :: x1(*), x2(*), cotangent(*)
            type(gaunt_gradients), intent(in) :: gradients
        end function

        integer(c_int32_t) function gaunt_vjp_f64(plan, n_samples, x1, x1_len, x2, x2_len, weights, cotangent, &
                                                  cotangent_len, gradients, accumulate, workspace, &
                                                  workspace_bytes) bind(c)
            import :: gaunt_gradients, c_int32_t, c_size_t, c_ptr, c_double
            type(c_ptr), value :: plan, weights, workspace
            integer(c_size_t), value :: n_samples, x1_len, x2_len, cotangent_len, workspace_bytes
            integer(c_int32_t), value :: accumulate
            real(c_double), intent(in) :: x1(*), x2(*), cotangent(*)
            type(gaunt_gradients), intent(in) :: gradients
        end function

        integer(c_int32_t) function gaunt_product_path_constant(l1, l2, l3, constant) bind(c)
            import :: c_int32_t, c_double
            integer(c_int32_t), value :: l1, l2, l3
            real(c_double), intent(out) :: constant
        end function

        integer(c_int32_t) function gaunt_bracket_path_constant(l1, l2, l3, constant) bind(c)
            import :: c_int32_t, c_double
            integer(c_int32_t), value :: l1, l2, l3
            real(c_double), intent(out) :: constant
        end function

        integer(c_int32_t) function gaunt_cpu_isa() bind(c)
            import :: c_int32_t
        end function

        integer(c_int32_t) function gaunt_version() bind(c)
            import :: c_int32_t
        end function

        integer(c_int32_t) function gaunt_abi_version() bind(c)
            import :: c_int32_t
        end function

        ! A NUL-terminated C string.
        type(c_ptr) function gaunt_status_string(status) bind(c)
            import :: c_int32_t, c_ptr
            integer(c_int32_t), value :: status
        end function
    end interface
end module
