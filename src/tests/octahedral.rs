//! Rules with the symmetry of the octahedron, from which the tables are made.

use std::vec;
use std::vec::Vec;

use crate::index::flat_index;
use crate::tables::DoubleDouble as Dd;
use crate::tables::octahedral::{Group, N_GROUPS, OctahedralRule, RULES, Zone};

/// A double-double number in two parts.
type Number = (f64, f64);

/// Points that the symmetries of the octahedron make of one, of the unit sphere.
#[derive(Clone, Copy)]
enum Orbit {
    /// `(1, 0, 0)`.
    Axes,
    /// `(1, 1, 0) / √2`.
    Edges,
    /// `(1, 1, 1) / √3`.
    Corners,
    /// `(l, l, m)`, by `l`.
    Mirror(Number),
    /// `(p, q, 0)`, by `p`.
    Plane(Number),
    /// `(r, s, t)`, by `r` and `s`.
    General(Number, Number),
}

use Orbit::{Axes, Corners, Edges, General, Mirror, Plane};

/// Orbits, and the weight of each of their points; together `4π`.
struct Rule {
    degree: usize,
    orbits: &'static [(Orbit, Number)],
}

/// The points of V. I. Lebedev and D. N. Laikov (1999), refined by Newton's iteration on the moments of the highest even degree.
#[rustfmt::skip]
#[allow(clippy::approx_constant, clippy::excessive_precision, clippy::unreadable_literal)]
const ORBITS: [Rule; 5] = [
    Rule {
        degree: 15,
        orbits: &[
            (Axes, (0.14506632743848974, -8.363032767963333e-18)),
            (Corners, (0.15009158815708193, -1.0473743941122476e-17)),
            (Mirror((0.36960284645415026, -9.512210739158036e-18)), (0.1396193607909271, -2.867192305653733e-18)),
            (Mirror((0.6943540066026663, 2.610931869031295e-17)), (0.14924451686907023, -7.998797039071573e-18)),
            (Plane((0.9273306571511725, -4.004887058549761e-19)), (0.14843778669298516, -4.774587920563852e-18)),
        ],
    },
    Rule {
        degree: 19,
        orbits: &[
            (Axes, (0.007535190013117138, -1.0399126549594006e-19)),
            (Edges, (0.09265184700375433, -1.4805771345384258e-18)),
            (Corners, (0.09061000833610514, 4.496832158307201e-18)),
            (Mirror((0.6764410400114264, 1.657328110838939e-17)), (0.08942676055004593, -3.691109678497997e-18)),
            (Mirror((0.41749612279654535, -1.8797913949135783e-17)), (0.08487112439121476, -3.790799184636795e-18)),
            (Mirror((0.15746766720390817, 2.5902728652177873e-18)), (0.09518264418191037, -3.525961108227047e-18)),
            (General((0.8822700112603227, -4.1057944005920254e-17), (0.44933283232695576, -2.0712757552330008e-17)), (0.08785259467896817, -3.666681946899916e-18)),
        ],
    },
    Rule {
        degree: 21,
        orbits: &[
            (Axes, (0.06967855090540037, 5.855643564695854e-18)),
            (Edges, (0.0762946177193528, -2.517326118455667e-18)),
            (Corners, (0.080219623085526, 3.805917140456828e-18)),
            (Mirror((0.25512526211141345, -9.61177961900905e-18)), (0.06513636946550791, 1.8902826514192923e-18)),
            (Mirror((0.6743601460362766, -1.2238198353478264e-17)), (0.07939343745253054, 5.341968008069636e-18)),
            (Mirror((0.431891069671941, 1.8678494981171753e-17)), (0.07793248373075363, -4.174661780707568e-18)),
            (Plane((0.9652324219764483, 5.05895738877653e-17)), (0.06882781368562169, 6.309820765432249e-18)),
            (General((0.8544158046846588, -4.774949290950391e-17), (0.49904531617960374, -2.2761683758654948e-17)), (0.0750009251580083, 3.6282594140873974e-18)),
        ],
    },
    Rule {
        degree: 25,
        orbits: &[
            (Axes, (-0.6939954000094836, -3.878093006687684e-17)),
            (Corners, (0.055923800052828494, 1.8239204519018117e-18)),
            (Mirror((0.44920446873976105, 5.18918358017201e-18)), (0.056508971453371054, 2.3512573352962895e-18)),
            (Mirror((0.25204194902102006, 2.742449164776626e-17)), (0.06344953354748639, -5.349063512487519e-18)),
            (Mirror((0.6981906658447241, 3.953173204847806e-17)), (0.04996901686874938, -5.400998534443027e-19)),
            (Mirror((0.658740524346096, -4.874068572415736e-18)), (0.055309631794969324, -4.375113462246171e-19)),
            (Mirror((0.040385440500976595, 3.1071232117486736e-18)), (0.2167126344984029, -3.301393812914308e-18)),
            (Plane((0.8129136531733653, -1.0729853519950541e-17)), (0.05316935827641036, 2.315595451908159e-18)),
            (Plane((0.9350227458805929, 4.2664471227705375e-17)), (0.06532087239116484, 2.6814447454487213e-18)),
            (General((0.8436365210688943, 8.096731226107737e-18), (0.4864661535886647, 2.4440045617526277e-17)), (0.05900817004291969, -2.6148120716065746e-18)),
        ],
    },
    Rule {
        degree: 27,
        orbits: &[
            (Axes, (-0.01650930975569371, 4.304507243996901e-19)),
            (Edges, (-0.03170154386474473, -9.815503477984476e-19)),
            (Corners, (0.05261355758561785, -1.7297422702117586e-18)),
            (Mirror((0.7039373391585475, 3.377221959822383e-17)), (0.06679237068674558, -2.419540280812231e-18)),
            (Mirror((0.10125262485724136, -1.0834200890877404e-19)), (0.05085789103954399, 2.7939934263957242e-18)),
            (Mirror((0.4647448726420539, 5.532037175003588e-18)), (0.05167897791314545, 2.470229874246459e-18)),
            (Mirror((0.3277420654971629, 2.3224433913836936e-17)), (0.045183452425762334, 2.60813553434552e-18)),
            (Mirror((0.6620338663699974, 2.145134761415351e-17)), (0.053484123945439596, 2.2648116409443803e-18)),
            (Plane((0.8506508083520399, 5.4434920674489164e-17)), (0.053150503760415385, -1.5009895224315956e-19)),
            (General((0.9392279297499156, 2.939528197559513e-17), (0.32334845426928993, 1.6869914731215076e-17)), (0.05128228060656845, 1.828746445768699e-18)),
            (General((0.8193433888191203, 2.6439966096484677e-17), (0.5244939240922365, 3.425773536141544e-17)), (0.05116357072843307, 2.4706643364906303e-18)),
        ],
    },
];

impl Orbit {
    /// One of the points.
    fn point(self) -> [Dd; 3] {
        let number = |(hi, lo): Number| Dd::new(hi).add(Dd::new(lo));
        // The third coordinate.
        let rest = |x: Dd, y: Dd| Dd::ONE.sub(x.mul(x)).sub(y.mul(y)).sqrt();
        let root = |n| Dd::ratio(1, n).sqrt();
        match self {
            Axes => [Dd::ONE, Dd::ZERO, Dd::ZERO],
            Edges => [root(2), root(2), Dd::ZERO],
            Corners => [root(3); 3],
            Mirror(l) => [number(l), number(l), rest(number(l), number(l))],
            Plane(p) => [number(p), rest(number(p), Dd::ZERO), Dd::ZERO],
            General(r, s) => [number(r), number(s), rest(number(r), number(s))],
        }
    }
}

impl Rule {
    fn of_degree(degree: usize) -> &'static Self {
        ORBITS.iter().find(|rule| rule.degree == degree).unwrap()
    }

    /// Points without negative coordinates, and the weight of each of their images.
    fn points(&self) -> Vec<([Dd; 3], Dd)> {
        let mut points = vec![];
        for &(orbit, (hi, lo)) in self.orbits {
            let p = orbit.point();
            let mut seen: Vec<[u64; 3]> = vec![];
            for [i, j, k] in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]] {
                let point = [p[i], p[j], p[k]];
                let bits = point.map(|x| x.to_f64().to_bits());
                if !seen.contains(&bits) {
                    seen.push(bits);
                    points.push((point, Dd::new(hi).add(Dd::new(lo))));
                }
            }
        }
        points
    }

    /// The representatives of a zone; exchanged ones in the order of those that they are exchanged with.
    fn zone(&self, zone: Zone, exchanged: bool) -> Vec<([Dd; 3], Dd)> {
        let swapped = |mut points: Vec<([Dd; 3], Dd)>| {
            points.iter_mut().for_each(|(point, _)| point.swap(0, 1));
            points
        };
        let select = |wanted: &dyn Fn([f64; 3]) -> bool| {
            self.points().into_iter().filter(|(point, _)| wanted(point.map(Dd::to_f64))).collect::<Vec<_>>()
        };
        match zone {
            Zone::Pairs => select(&|[x, y, z]| x * y * z > 0.0 && x > y),
            Zone::Exchanged => swapped(self.zone(Zone::Pairs, false)),
            Zone::Fixed => select(&|[x, y, z]| x * y * z > 0.0 && x == y),
            Zone::Upright if exchanged => swapped(self.zone(Zone::Upright, false)),
            Zone::Upright => select(&|[x, y, z]| x == 0.0 && y * z > 0.0),
            Zone::PlanePairs => select(&|[x, y, z]| z == 0.0 && x > y && y > 0.0),
            Zone::PlaneExchanged => swapped(self.zone(Zone::PlanePairs, false)),
            Zone::PlaneFixed => select(&|[x, y, z]| z == 0.0 && x == y),
            Zone::AxisX => select(&|[x, ..]| x == 1.0),
            Zone::AxisZ => select(&|[_, _, z]| z == 1.0),
        }
    }
}

/// How many mirror images a point has.
fn images(point: [Dd; 3]) -> usize {
    1 << point.iter().filter(|x| x.to_f64() != 0.0).count()
}

/// `Y_lm` to degree `lmax` by the flat index.
///
/// `Y_l±m = Q_lm(z) {Re, Im} (x + iy)^m`, where `Q_lm = P̄_lm / sin^m θ` has the recurrence of `P̄_lm` (DLMF 14.10.3 in the
/// orthonormal scaling), starting with `Q_mm = √((2m + 1)!! / (4π (2m)!!))`.
fn harmonics(lmax: usize, [x, y, z]: [Dd; 3]) -> Vec<Dd> {
    let mut values = vec![Dd::ZERO; (lmax + 1) * (lmax + 1)];
    let mut diagonal = Dd::ONE.div(Dd::PI.scale(4.0)).sqrt();
    let (mut cosine, mut sine) = (Dd::ONE, Dd::ZERO);
    for m in 0..=lmax {
        let norm = if m == 0 { Dd::ONE } else { Dd::new(2.0).sqrt() };
        let (mut previous, mut current, mut last) = (Dd::ZERO, diagonal, Dd::ONE);
        for l in m..=lmax {
            let value = current.mul(norm);
            values[flat_index(l, -m.cast_signed())] = value.mul(sine);
            values[flat_index(l, m.cast_signed())] = value.mul(cosine);
            let (next, order) = ((l + 1) as u128, m as u128);
            let coefficient = Dd::ratio(4 * next * next - 1, next * next - order * order).sqrt();
            (previous, current) = (current, z.mul(current).sub(previous.div(last)).mul(coefficient));
            last = coefficient;
        }
        diagonal = diagonal.mul(Dd::ratio(2 * m as u128 + 3, 2 * m as u128 + 2).sqrt());
        (cosine, sine) = (x.mul(cosine).sub(y.mul(sine)), x.mul(sine).add(y.mul(cosine)));
    }
    values
}

/// The order of function number `k` of a group and degree, with its sign: of sines negative.
fn order(group: Group, k: usize) -> isize {
    let (is_sine, first, step) = group.orders();
    let m = (first + k * step).cast_signed();
    if is_sine { -m } else { m }
}

/// The table of a rule; see [`octahedral`](crate::tables::octahedral).
pub(super) fn table(rule: &OctahedralRule) -> Vec<f64> {
    let orbits = Rule::of_degree(rule.degree);
    let mut table = vec![];
    for group in Group::ALL {
        let mut points = vec![];
        for zone in Zone::ALL.into_iter().filter(|&zone| rule.representatives(group, zone) > 0) {
            points.extend(orbits.zone(zone, group.columns() == 2));
        }
        let values: Vec<Vec<Dd>> = points
            .into_iter()
            .map(|(point, weight)| {
                let halved = if images(point) == 8 { 0.5 } else { 1.0 };
                let scaled = weight.scale(images(point) as f64 * halved);
                let is_negative = scaled.to_f64() < 0.0;
                let root = if is_negative { scaled.neg().cbrt().neg() } else { scaled.cbrt() };
                harmonics(rule.lmax, point).into_iter().map(|y| y.mul(root)).collect()
            })
            .collect();
        for (l, k) in (0..=rule.lmax).flat_map(|l| (0..group.n_orders(l)).map(move |k| (l, k))) {
            let index = flat_index(l, order(group, k));
            // (What is zero at a point, such as Y_20 where all coordinates are the same, is that but for the last digits.)
            let entry = |value: f64| if value.abs() < 2.0_f64.powi(-96) { 0.0 } else { value };
            table.extend(values.iter().map(|values| entry(values[index].to_f64())));
        }
    }
    table
}

/// The points of a rule without negative coordinates, each with the weights of all its mirror images.
pub(super) fn points_without_images(degree: usize) -> Vec<([f64; 3], f64)> {
    let weighted =
        |(point, weight): ([Dd; 3], Dd)| (point.map(Dd::to_f64), weight.to_f64() * images(point) as f64);
    Rule::of_degree(degree).points().into_iter().map(weighted).collect()
}

/// Of the highest even degree `2a + 2b + 2c`; others follow, as `x² + y² + z² = 1`.
/// `∫ x^2a y^2b z^2c = 4π (2a − 1)!! (2b − 1)!! (2c − 1)!! / (2a + 2b + 2c + 1)!!`; with an odd power it is zero, for the
/// integral by the mirror images of the points.
#[test]
fn rules_integrate_every_monomial_of_their_degree() {
    let odd_factorial = |n: usize| (1..=n).fold(1_u128, |product, k| product * (2 * k as u128 - 1));
    for rule in &ORBITS {
        let points = rule.points();
        let n_points: usize = points.iter().map(|&(point, _)| images(point)).sum();
        assert_eq!(
            n_points,
            [86, 146, 170, 230, 266][ORBITS.iter().position(|r| r.degree == rule.degree).unwrap()]
        );
        let half = rule.degree / 2;
        for (a, b) in (0..=half).flat_map(|a| (0..=half - a).map(move |b| (a, b))) {
            let c = half - a - b;
            let power = |x: Dd, n: usize| (0..n).fold(Dd::ONE, |product, _| product.mul(x.mul(x)));
            let (mut integral, mut terms) = (Dd::ZERO, 0.0);
            for &(point @ [x, y, z], weight) in &points {
                let term =
                    power(x, a).mul(power(y, b)).mul(power(z, c)).mul(weight).scale(images(point) as f64);
                integral = integral.add(term);
                terms += term.to_f64().abs();
            }
            let exact = Dd::PI
                .scale(4.0)
                .mul(Dd::from_integer(odd_factorial(a) * odd_factorial(b) * odd_factorial(c)))
                .div(Dd::from_integer(odd_factorial(half + 1)));
            let error = integral.sub(exact).to_f64().abs();
            // Roundings of a few times 2⁻¹⁰⁴ of some hundred operations, and of the numbers above.
            assert!(error <= 2.0_f64.powi(-92) * terms, "degree {}: {a} {b} {c}: {error:e}", rule.degree);
        }
    }
}

/// Shapes and tables agree about the number of representatives and of functions.
#[test]
fn every_harmonic_has_one_group() {
    for rule in &RULES {
        let orbits = Rule::of_degree(rule.degree);
        let count = |zone| orbits.zone(zone, false).len();
        assert_eq!((count(Zone::Pairs), count(Zone::Fixed)), (rule.pairs, rule.fixed));
        assert_eq!((count(Zone::PlanePairs), count(Zone::PlaneFixed)), (rule.plane_pairs, rule.plane_fixed));
        assert_eq!(count(Zone::Upright), 2 * rule.plane_pairs + rule.plane_fixed);
        let mut seen = vec![false; (rule.lmax + 1) * (rule.lmax + 1)];
        for group in Group::ALL {
            for (l, k) in (0..=rule.lmax).flat_map(|l| (0..group.n_orders(l)).map(move |k| (l, k))) {
                let m = order(group, k);
                for m in if group.columns() == 2 { vec![m, -m] } else { vec![m] } {
                    assert!(m.unsigned_abs() <= l && !seen[flat_index(l, m)]);
                    seen[flat_index(l, m)] = true;
                }
            }
        }
        assert!(!seen.contains(&false));
        assert_eq!(table(rule).len(), rule.table_start(N_GROUPS));
    }
}
