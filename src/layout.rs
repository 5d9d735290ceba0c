//! How coefficient arrays lie in memory: answered here and nowhere else.

use crate::error::Error;
use crate::index::n_lm;

/// Order of the coefficients of one sample; samples follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[lm][channel]`: channels contiguous. The fastest; `ir_mul` with equal multiplicities.
    LmChannel,
    /// `[channel][lm]`: one whole coefficient vector per channel.
    ChannelLm,
    /// Per degree a block `[channel][2l + 1]`: e3nn's flat storage (`mul_ir`) of `Cx0e + Cx1o + …`.
    E3nnBlocks,
}

/// What an operand's array leaves out because it is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// Nothing: coefficients for every sample and channel.
    None,
    /// One coefficient vector per sample, shared by its channels.
    Channels,
    /// The array of one sample, shared by all samples.
    Samples,
    /// One coefficient vector for everything.
    Both,
}

impl Broadcast {
    pub(crate) const fn over_channels(self) -> bool {
        matches!(self, Self::Channels | Self::Both)
    }

    const fn over_samples(self) -> bool {
        matches!(self, Self::Samples | Self::Both)
    }
}

/// Where one array keeps the coefficient of `(sample, channel, l, m)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrayLayout {
    layout: Layout,
    n_lm: usize,
    /// Coefficients of a (sample, channel): of both parts if there are two.
    pub(crate) pair_len: usize,
    /// Where the part starts within a sample.
    part_start: usize,
    /// Channels that the array stores: 1 if they are shared.
    stored_channels: usize,
    /// Elements of a sample.
    sample_len: usize,
    /// Elements from one sample to the next: 0 if they are shared.
    pub(crate) sample_stride: usize,
    /// Whether every channel reads the same coefficients.
    shared_channels: bool,
}

/// Where the coefficients of one degree lie within a sample: element `start + (l + m) · order_stride + channel ·
/// channel_stride`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DegreeLayout {
    pub(crate) start: usize,
    pub(crate) order_stride: usize,
    pub(crate) channel_stride: usize,
}

impl ArrayLayout {
    /// The layout of an array with `n_channels` channels of degrees `0..=lmax`.
    pub(crate) fn new(
        layout: Layout,
        broadcast: Broadcast,
        lmax: usize,
        n_channels: usize,
    ) -> Result<Self, Error> {
        let shared_channels = broadcast.over_channels();
        let stored_channels = if shared_channels { 1 } else { n_channels };
        let sample_len = n_lm(lmax).checked_mul(stored_channels).ok_or(Error::Overflow)?;
        let sample_stride = if broadcast.over_samples() { 0 } else { sample_len };
        Ok(Self {
            layout,
            n_lm: n_lm(lmax),
            pair_len: n_lm(lmax),
            part_start: 0,
            stored_channels,
            sample_len,
            sample_stride,
            shared_channels,
        })
    }

    /// The layout of an array whose samples consist of two such parts, one after the other: of the first part, and of the
    /// second.
    pub(crate) fn with_two_parts(mut self) -> Result<[Self; 2], Error> {
        let part_len = self.sample_len;
        self.sample_len = part_len.checked_mul(2).ok_or(Error::Overflow)?;
        self.pair_len = 2 * self.n_lm;
        self.sample_stride = if self.sample_stride == 0 { 0 } else { self.sample_len };
        Ok([self, Self { part_start: part_len, ..self }])
    }

    /// Whether an array holds each coefficient once for every sample and channel.
    #[inline(always)]
    pub(crate) fn is_shared(&self) -> bool {
        self.shared_channels || self.sample_stride == 0
    }

    /// Number of elements for `n_samples` samples.
    pub(crate) fn len(&self, n_samples: usize) -> Result<usize, Error> {
        if self.sample_stride == 0 {
            Ok(self.sample_len)
        } else {
            self.sample_stride.checked_mul(n_samples).ok_or(Error::Overflow)
        }
    }

    /// Whether the channels of a coefficient are neighbours in memory.
    #[inline(always)]
    pub(crate) fn is_channel_contiguous(&self) -> bool {
        self.layout == Layout::LmChannel && !self.shared_channels
    }

    /// The distance of the coefficients of one (sample, channel) from those of the next, if it is always the same.
    #[inline(always)]
    pub(crate) fn pair_stride(&self) -> Option<usize> {
        let are_together =
            self.stored_channels == 1 || (self.layout == Layout::ChannelLm && self.pair_len == self.n_lm);
        if are_together && !self.is_shared() { Some(self.pair_len) } else { None }
    }

    /// Whether the coefficients of all degrees follow one another at one distance.
    #[inline(always)]
    pub(crate) fn is_flat(&self) -> bool {
        self.layout != Layout::E3nnBlocks || self.shared_channels
    }

    /// Where degree `l` lies within a sample.
    #[inline(always)]
    pub(crate) fn degree(&self, l: usize) -> DegreeLayout {
        let mut degree = match self.layout {
            Layout::LmChannel => DegreeLayout {
                start: l * l * self.stored_channels,
                order_stride: self.stored_channels,
                channel_stride: 1,
            },
            Layout::ChannelLm => DegreeLayout { start: l * l, order_stride: 1, channel_stride: self.n_lm },
            Layout::E3nnBlocks => DegreeLayout {
                start: l * l * self.stored_channels,
                order_stride: 1,
                channel_stride: 2 * l + 1,
            },
        };
        degree.start += self.part_start;
        if self.shared_channels {
            degree.channel_stride = 0;
        }
        degree
    }
}
