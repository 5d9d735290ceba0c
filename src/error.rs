//! Why a plan cannot be made or executed.

use core::fmt;

/// Why a call was refused. Except for [`Error::Internal`], nothing has been written when it is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not served: a degree above the maximum, `lmax3 > lmax1 + lmax2`, degrees that the requested engine does not reach, two
    /// parts of an operand unless product and bracket are computed together, a self-check of outputs to degrees to which
    /// functions are not rotated.
    Unsupported,
    /// A product of sizes does not fit into `usize`.
    Overflow,
    /// An array does not have the length that the plan and the number of samples imply.
    LengthMismatch {
        /// Which array.
        array: &'static str,
        /// Its length should be this, in elements.
        expected: usize,
        /// Its length is this, in elements.
        received: usize,
    },
    /// The memory for tables or the workspace is too small.
    StorageTooSmall {
        /// Needed, in cache lines.
        expected: usize,
        /// Given, in cache lines.
        received: usize,
    },
    /// What should describe a rotation does not: a number is not finite, the matrix is not orthogonal or is a reflection, the
    /// quaternion is not a unit, the direction is zero.
    InvalidRotation {
        /// Which of the rotations, the first that is wrong.
        index: usize,
    },
    /// A defect of this library: an internal check failed. The output may be partly written.
    Internal,
}

impl Error {
    /// The same for an array of another name.
    pub(crate) fn with_array(self, array: &'static str) -> Self {
        match self {
            Self::LengthMismatch { expected, received, .. } => {
                Self::LengthMismatch { array, expected, received }
            }
            other => other,
        }
    }
}

/// Whether an array is as long as it should be.
pub(crate) fn check_len(array: &'static str, expected: usize, received: usize) -> Result<(), Error> {
    if expected == received { Ok(()) } else { Err(Error::LengthMismatch { array, expected, received }) }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => {
                f.write_str("these degrees or parts are not supported, or not by the requested engine")
            }
            Self::Overflow => f.write_str("a product of sizes overflows usize"),
            Self::LengthMismatch { array, expected, received } => {
                write!(f, "array `{array}` has {received} elements, expected {expected}")
            }
            Self::StorageTooSmall { expected, received } => {
                write!(f, "memory of {received} cache lines given, {expected} needed")
            }
            Self::InvalidRotation { index } => {
                write!(f, "the numbers of rotation {index} describe no rotation")
            }
            Self::Internal => f.write_str("internal error of the gaunt library, please report it"),
        }
    }
}

impl core::error::Error for Error {}
