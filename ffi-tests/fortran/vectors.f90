! Every case of vectors.txt in both element types, and its gradients.
!
!     vectors ../vectors/vectors.txt
program vectors
    use, intrinsic :: iso_c_binding
    use gaunt
    implicit none

    character(len=4096) :: path
    character(len=1) :: first
    integer :: file, n, i, n_paths, lmax1, lmax2, lmax3, failures
    real(c_double), allocatable :: x1(:), x2(:), expected(:), absolute(:), coefficients(:)

    call get_command_argument(1, path)
    open (newunit=file, file=trim(path), status='old', action='read')
    do ! the comments
        read (file, '(a)') first
        if (first /= '#') exit
    end do
    backspace (file)

    failures = 0
    i = 0
    call refuse
    read (file, *) n
    allocate (coefficients(7 * n))
    read (file, *) coefficients
    read (file, *) n
    do i = 1, n
        read (file, *) lmax1, lmax2, lmax3
        x1 = numbers(lmax1)
        x2 = numbers(lmax2)
        expected = numbers(lmax3)
        absolute = numbers(lmax3)
        call run(GAUNT_DTYPE_F32)
        call run(GAUNT_DTYPE_F64)
    end do
    read (file, *) n_paths
    do i = 1, n_paths
        call run_path
    end do
    close (file)
    print '(a, i0, a, i0, a)', 'fortran: ', n, ' cases, ', failures, ' failed'
    if (failures > 0 .or. n == 0) error stop 1

contains

    function numbers(lmax) result(x)
        integer, intent(in) :: lmax
        real(c_double) :: x((lmax + 1)**2)
        read (file, *) x
    end function

    function describe(dtype, lmax1, lmax2, lmax3) result(desc)
        integer(c_int32_t), intent(in) :: dtype
        integer, intent(in) :: lmax1, lmax2, lmax3
        type(gaunt_plan_desc) :: desc
        call check(gaunt_plan_desc_init(desc, int(c_sizeof(desc), c_int32_t)))
        desc%dtype = dtype
        desc%lmax1 = lmax1
        desc%lmax2 = lmax2
        desc%lmax3 = lmax3
        desc%layout = GAUNT_LAYOUT_CHANNEL_LM
    end function

    subroutine refuse
        type(gaunt_plan_desc) :: desc
        integer(c_size_t) :: plan_bytes, workspace_bytes
        desc = describe(GAUNT_DTYPE_F64, 1, 1, 3)
        call expect(gaunt_plan_memory(desc, plan_bytes, workspace_bytes) == GAUNT_ERR_UNSUPPORTED, 'refusal')
    end subroutine

    ! Three channels of two samples, all with the coefficients of the case: the product, and the gradients of half the sum of
    ! its squares, whose gradient is the product itself.
    subroutine run(dtype)
        integer(c_int32_t), intent(in) :: dtype
        integer, parameter :: channels = 3, samples = 2
        type(gaunt_plan_desc) :: desc
        type(c_ptr) :: plan, no_weights
        integer(c_size_t) :: plan_bytes, workspace_bytes, x1_len, x2_len, out_len
        integer(c_int8_t), allocatable, target :: memory(:), workspace(:)
        integer(c_size_t) :: memory_start, workspace_start
        real(c_double) :: many1(size(x1), channels, samples), many2(size(x2), channels, samples)
        real(c_double) :: out(size(expected), channels, samples), tolerance
        real(c_float) :: out_f32(size(expected), channels, samples)
        type(gaunt_gradients) :: gradients
        real(c_double), target :: gradient1(size(x1), channels, samples), gradient2(size(x2), channels, samples)
        real(c_float), target :: gradient1_f32(size(x1), channels, samples), gradient2_f32(size(x2), channels, samples)
        integer(c_int32_t), parameter :: overwrite = 0
        integer :: c, s

        desc = describe(dtype, lmax1, lmax2, lmax3)
        desc%n_channels = channels
        no_weights = c_null_ptr
        call check(gaunt_plan_memory(desc, plan_bytes, workspace_bytes))
        allocate (memory(plan_bytes + GAUNT_ALIGNMENT), workspace(workspace_bytes + GAUNT_ALIGNMENT))
        memory_start = aligned(memory)
        workspace_start = aligned(workspace)
        call check(gaunt_plan_init(desc, c_loc(memory(memory_start)), plan_bytes, plan))
        call check(gaunt_plan_lengths(desc, int(samples, c_size_t), x1_len, x2_len, out_len))
        call expect(x1_len == size(many1) .and. x2_len == size(many2) .and. out_len == size(out), 'lengths')

        many1 = spread(spread(x1, 2, channels), 3, samples)
        many2 = spread(spread(x2, 2, channels), 3, samples)
        if (dtype == GAUNT_DTYPE_F64) then
            tolerance = epsilon(1.0_c_double)
            call check(gaunt_execute_f64(plan, int(samples, c_size_t), many1, x1_len, many2, x2_len, no_weights, &
                                         out, out_len, c_loc(workspace(workspace_start)), workspace_bytes))
            gradients = gaunt_gradients(c_loc(gradient1), x1_len, c_loc(gradient2), x2_len)
            call check(gaunt_vjp_f64(plan, int(samples, c_size_t), many1, x1_len, many2, x2_len, no_weights, &
                                     out, out_len, gradients, overwrite, &
                                     c_loc(workspace(workspace_start)), workspace_bytes))
        else
            tolerance = real(epsilon(1.0_c_float), c_double)
            call check(gaunt_execute_f32(plan, int(samples, c_size_t), real(many1, c_float), x1_len, &
                                         real(many2, c_float), x2_len, no_weights, out_f32, out_len, &
                                         c_loc(workspace(workspace_start)), workspace_bytes))
            gradients = gaunt_gradients(c_loc(gradient1_f32), x1_len, c_loc(gradient2_f32), x2_len)
            call check(gaunt_vjp_f32(plan, int(samples, c_size_t), real(many1, c_float), x1_len, &
                                     real(many2, c_float), x2_len, no_weights, out_f32, out_len, gradients, &
                                     overwrite, c_loc(workspace(workspace_start)), workspace_bytes))
            out = real(out_f32, c_double)
            gradient1 = real(gradient1_f32, c_double)
            gradient2 = real(gradient2_f32, c_double)
        end if

        tolerance = 10 * tolerance * norm2(x1) * norm2(x2) ! the norm of the error, as c/vectors.c bounds it
        do s = 1, samples
            do c = 1, channels
                call expect(norm2(out(:, c, s) - expected) <= tolerance, 'product')
                ! the product is linear in either operand; it, the gradient and the operands are rounded
                associate (squares => sum(out(:, c, s)**2), allowed => 3 * tolerance * norm2(expected))
                    call expect(abs(sum(gradient1(:, c, s) * x1) - squares) <= allowed, 'gradient of x1')
                    call expect(abs(sum(gradient2(:, c, s) * x2) - squares) <= allowed, 'gradient of x2')
                end associate
            end do
        end do
    end subroutine

    ! The path constant of the product or of the bracket, by the parity of the degrees' sum.
    subroutine run_path
        integer(c_int32_t) :: l(3)
        real(c_double) :: expected_constant, constant
        read (file, *) l, expected_constant
        if (modulo(sum(l), 2) == 0) then
            call check(gaunt_product_path_constant(l(1), l(2), l(3), constant))
        else
            call check(gaunt_bracket_path_constant(l(1), l(2), l(3), constant))
        end if
        call expect(abs(constant - expected_constant) <= epsilon(constant) * expected_constant, 'path constant')
    end subroutine

    ! The first index at an address that is a multiple of GAUNT_ALIGNMENT.
    integer(c_size_t) function aligned(memory)
        integer(c_int8_t), intent(in), target :: memory(:)
        aligned = 1 + modulo(-transfer(c_loc(memory(1)), 0_c_size_t), GAUNT_ALIGNMENT)
    end function

    subroutine expect(passed, what)
        logical, intent(in) :: passed
        character(len=*), intent(in) :: what
        if (passed) return
        print *, 'failed: ', what, ' in case', i
        failures = failures + 1
    end subroutine

    subroutine check(status)
        integer(c_int32_t), intent(in) :: status
        character(kind=c_char), pointer :: text(:)
        integer :: length
        if (status == GAUNT_SUCCESS) return
        call c_f_pointer(gaunt_status_string(status), text, [256])
        length = 1
        do while (text(length) /= c_null_char)
            length = length + 1
        end do
        print *, text(:length - 1)
        error stop 1
    end subroutine
end program
