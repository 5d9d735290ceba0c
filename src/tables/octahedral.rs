//! Constants of quadrature rules with the symmetry of the octahedron (V. I. Lebedev and D. N. Laikov, Doklady Mathematics 59,
//! 477, 1999), which take two thirds to three quarters of the points of a Gauss–Legendre grid. Weights of the rules of degree 25
//! and 27 are not all positive.
//!
//! A harmonic is even or odd in each of `x`, `y` and `z`. With bit `a` set where it is odd in coordinate `a`, that is its *class*,
//! one of eight: the parity of `l` is that under inversion, a cosine (`m >= 0`) is even in `y`, and `m` is even if it has the same
//! parity in `x` and in `y`. Exchanging `x` and `y`, which takes `φ` to `π/2 − φ`, makes `Y_lm` of odd `m > 0` the harmonic
//! `(−1)^((m − 1) / 2) Y_l−m`, of another class, and one of even `m` itself or its opposite. So there are ten *groups*: the even
//! and the odd functions of the classes 0, 3, 4 and 7, and the classes 1 and 5, whose exchanged functions are those of 2 and 6.
//!
//! Points come in mirror images; those with no negative coordinate *represent* the others, and of two that are exchanged the first
//! represents both. Where a coordinate is zero, functions that are odd in it vanish; where `x = y`, those that exchanging makes
//! their opposite. What vanishes is left out.
//!
//! Three factors of the integrand carry the weight `w` of a point: two operands and the analysing harmonic. The table of a rule is
//! `[group][function][representative]`, functions of a group by degree, then by rising `|m|`, representatives in the order of
//! [`Zone`], with the entries `∛w' · Y_lm`. `w'` is the sum of the weights of all mirror images, and half of it where there are
//! eight of them, because the engine's products of parts are twice as large there.

/// A rule that is compiled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OctahedralRule {
    /// It integrates polynomials to this degree exactly.
    pub(crate) degree: usize,
    /// Points with no coordinate that is zero: pairs that are exchanged, and those with `x = y`.
    pub(crate) pairs: usize,
    pub(crate) fixed: usize,
    /// Points with `z = 0` likewise. There are as many with `x = 0` as with `y = 0`, which are exchanged, and one on each axis.
    pub(crate) plane_pairs: usize,
    pub(crate) plane_fixed: usize,
    /// Largest degree tabulated.
    pub(crate) lmax: usize,
}

/// Those that degrees which are served by them need: of 86, 146, 170, 230 and 266 points.
pub(crate) const RULES: [OctahedralRule; 5] = [
    OctahedralRule { degree: 15, pairs: 2, fixed: 3, plane_pairs: 1, plane_fixed: 0, lmax: 5 },
    OctahedralRule { degree: 19, pairs: 6, fixed: 4, plane_pairs: 0, plane_fixed: 1, lmax: 6 },
    OctahedralRule { degree: 21, pairs: 6, fixed: 4, plane_pairs: 1, plane_fixed: 1, lmax: 7 },
    OctahedralRule { degree: 25, pairs: 8, fixed: 6, plane_pairs: 2, plane_fixed: 0, lmax: 12 },
    OctahedralRule { degree: 27, pairs: 11, fixed: 6, plane_pairs: 1, plane_fixed: 1, lmax: 9 },
];

/// Representatives of one kind, in the order in which a group has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// No coordinate is zero: of a pair the first, for classes 1 and 5 then also the second; then those with `x = y`.
    Pairs,
    Exchanged,
    Fixed,
    /// `x = 0`, and for classes 1 and 5 the exchanged ones, with `y = 0`.
    Upright,
    /// `z = 0`, likewise.
    PlanePairs,
    PlaneExchanged,
    PlaneFixed,
    /// The `x` axis, and that of `z`.
    AxisX,
    AxisZ,
}

impl Zone {
    pub(crate) const ALL: [Self; 9] = [
        Self::Pairs,
        Self::Exchanged,
        Self::Fixed,
        Self::Upright,
        Self::PlanePairs,
        Self::PlaneExchanged,
        Self::PlaneFixed,
        Self::AxisX,
        Self::AxisZ,
    ];
}

/// The harmonics of one class, or those of them that are even, or odd, under the exchange of `x` and `y`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    class: usize,
    is_odd: bool,
}

/// Number of groups.
pub(crate) const N_GROUPS: usize = 10;

impl Group {
    const fn new(class: usize, is_odd: bool) -> Self {
        Self { class, is_odd }
    }

    /// Classes 0, 3, 4 and 7, even and odd, then classes 1 and 5.
    pub(crate) const ALL: [Self; N_GROUPS] = [
        Self::new(0, false),
        Self::new(0, true),
        Self::new(3, false),
        Self::new(3, true),
        Self::new(4, false),
        Self::new(4, true),
        Self::new(7, false),
        Self::new(7, true),
        Self::new(1, false),
        Self::new(5, false),
    ];

    /// How many classes it stands for: with the exchanged functions two.
    pub(crate) const fn columns(self) -> usize {
        if self.is_exchanged() { 2 } else { 1 }
    }

    /// Whether exchanged functions are of another class.
    const fn is_exchanged(self) -> bool {
        self.class == 1 || self.class == 5
    }

    /// Whether its harmonics are sines, their least order, and from one order to the next.
    pub(crate) const fn orders(self) -> (bool, usize, usize) {
        let is_sine = self.class & 2 != 0;
        if self.is_exchanged() {
            (false, 1, 2)
        } else {
            (is_sine, 2 * (is_sine as usize + self.is_odd as usize), 4)
        }
    }

    /// How many of its harmonics have degree `l`.
    pub(crate) const fn n_orders(self, l: usize) -> usize {
        let (_, first, step) = self.orders();
        let is_parity = l % 2 == self.class.count_ones() as usize % 2;
        if is_parity && first <= l { (l - first) / step + 1 } else { 0 }
    }

    /// How many have degrees to `lmax`: the first ones of those to any larger degree.
    pub(crate) const fn n_functions(self, lmax: usize) -> usize {
        let (mut count, mut l) = (0, 0);
        while l <= lmax {
            count += self.n_orders(l);
            l += 1;
        }
        count
    }
}

impl OctahedralRule {
    /// The rule of a degree. It is an error at compile time if there is none.
    pub(crate) const fn of_degree(degree: usize) -> Self {
        let mut i = 0;
        while RULES[i].degree != degree {
            i += 1;
        }
        RULES[i]
    }

    /// How many representatives of a zone a group has.
    pub(crate) const fn representatives(&self, group: Group, zone: Zone) -> usize {
        let (class, exchanged) = (group.class, group.is_exchanged());
        let (even_in_xy, even_in_z) = (class % 4 == 0, class < 4);
        let (count, is_there) = match zone {
            Zone::Pairs => (self.pairs, true),
            Zone::Exchanged => (self.pairs, exchanged),
            Zone::Fixed => (self.fixed, !group.is_odd),
            Zone::Upright => (2 * self.plane_pairs + self.plane_fixed, even_in_xy || exchanged),
            Zone::PlanePairs => (self.plane_pairs, even_in_z),
            Zone::PlaneExchanged => (self.plane_pairs, even_in_z && exchanged),
            Zone::PlaneFixed => (self.plane_fixed, even_in_z && !group.is_odd),
            Zone::AxisX => (1, class == 0 || class == 1),
            Zone::AxisZ => (1, even_in_xy && !group.is_odd),
        };
        if is_there { count } else { 0 }
    }

    /// Where those of a zone begin among all of a group; after the last zone: how many there are.
    pub(crate) const fn zone_start(&self, group: Group, zone: usize) -> usize {
        let (mut start, mut before) = (0, 0);
        while before < zone {
            start += self.representatives(group, Zone::ALL[before]);
            before += 1;
        }
        start
    }

    /// How many representatives a group has.
    pub(crate) const fn n_representatives(&self, group: Group) -> usize {
        self.zone_start(group, Zone::ALL.len())
    }

    /// Where samples of a group begin, if those of all groups lie one after the other; after the last group: how many there are.
    pub(crate) const fn samples_start(&self, group: usize) -> usize {
        let (mut start, mut before) = (0, 0);
        while before < group {
            let group = Group::ALL[before];
            start += self.n_representatives(group) * group.columns();
            before += 1;
        }
        start
    }

    /// Where the table of a group begins; after the last group: how long the table is.
    pub(crate) const fn table_start(&self, group: usize) -> usize {
        let (mut start, mut before) = (0, 0);
        while before < group {
            let group = Group::ALL[before];
            start += group.n_functions(self.lmax) * self.n_representatives(group);
            before += 1;
        }
        start
    }
}

/// Where the harmonics of a group begin, if those to `lmax` lie group by group.
pub(crate) const fn functions_start(group: usize, lmax: usize) -> usize {
    let (mut start, mut before) = (0, 0);
    while before < group {
        let group = Group::ALL[before];
        start += group.n_functions(lmax) * group.columns();
        before += 1;
    }
    start
}
