//! What is computed from what: which parts of which functions come in, what goes out, and the terms of each.

/// Most parts of functions: two of each.
pub(crate) const MAX_FIELDS: usize = 6;

/// One of the three functions, for which `slot as usize` is an index that needs no check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The operands.
    #[default]
    First,
    Second,
    /// What they are coupled to.
    Third,
}

impl Slot {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// The other two slots, in turn.
    pub(crate) const fn others(self) -> [Self; 2] {
        match self {
            Self::First => [Self::Second, Self::Third],
            Self::Second => [Self::Third, Self::First],
            Self::Third => [Self::First, Self::Second],
        }
    }
}

/// A set of slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlotSet(u8);

impl SlotSet {
    /// Those slots for which the flag is set.
    pub(crate) fn new([first, second, third]: [bool; 3]) -> Self {
        Self(u8::from(first) | u8::from(second) << 1 | u8::from(third) << 2)
    }

    #[inline(always)]
    pub(crate) fn contains(self, slot: Slot) -> bool {
        self.0 >> slot as u8 & 1 == 1
    }

    #[inline(always)]
    pub(crate) fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    #[inline(always)]
    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A part of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) slot: Slot,
    /// 0 natural, 1 pseudo.
    pub(crate) part: usize,
}

/// A part that comes in, and what of it is needed where functions are multiplied pointwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Input {
    pub(crate) field: Field,
    pub(crate) values: bool,
    pub(crate) gradient: bool,
}

impl Input {
    /// How many sampled functions that makes.
    pub(crate) fn components(&self) -> usize {
        usize::from(self.values) + 2 * usize::from(self.gradient)
    }
}

/// The product or the bracket of two inputs, by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) bracket: bool,
}

/// A part that goes out: a sum of terms.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Target {
    pub(crate) field: Field,
    terms: [Term; 4],
    n_terms: usize,
    /// Whether this is a single product, and the values of its first input are not needed any more.
    takes_first: bool,
}

impl Target {
    #[inline(always)]
    pub(crate) fn terms(&self) -> &[Term] {
        self.terms.get(..self.n_terms).unwrap_or(&[])
    }

    /// The only term, if it is a product that may overwrite the values of its first input.
    #[inline(always)]
    pub(crate) fn in_place(&self) -> Option<Term> {
        if self.takes_first { self.terms.first().copied() } else { None }
    }
}

/// The terms that two inputs make of one function: to which of its parts their product and their bracket go.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Coupling {
    pub(crate) slot: Slot,
    pub(crate) first: Field,
    pub(crate) second: Field,
    pub(crate) product: Option<Field>,
    pub(crate) bracket: Option<Field>,
    /// Whether they are added to other terms of these targets.
    pub(crate) accumulate: bool,
}

/// See the module documentation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Schedule {
    inputs: [Input; MAX_FIELDS],
    n_inputs: usize,
    targets: [Target; MAX_FIELDS],
    n_targets: usize,
    couplings: [Coupling; MAX_COUPLINGS],
    n_couplings: usize,
    /// Slots of the inputs, and of the targets.
    pub(crate) reads: SlotSet,
    pub(crate) writes: SlotSet,
}

/// Two parts of either function of a pair, for three pairs.
const MAX_COUPLINGS: usize = 12;

impl Schedule {
    /// For functions with these parts, the derivatives of the form with respect to some of them.
    pub(crate) fn new(parts: [[bool; 2]; 3], wanted: [bool; 3]) -> Self {
        // Whether another function's derivative is wanted.
        let comes_in = |slot: Slot| slot.others().into_iter().any(|slot| wanted[slot as usize]);
        let (reads, writes) = (SlotSet::new(Slot::ALL.map(comes_in)), SlotSet::new(wanted));
        let mut schedule = Self { reads, writes, ..Self::default() };
        let fields = || {
            let all = Slot::ALL.into_iter().flat_map(|slot| [0, 1].map(|part| Field { slot, part }));
            all.filter(|field| parts[field.slot as usize][field.part])
        };
        for (input, field) in
            schedule.inputs.iter_mut().zip(fields().filter(|field| reads.contains(field.slot)))
        {
            *input = Input { field, values: false, gradient: false };
            schedule.n_inputs += 1;
        }
        for (target, field) in
            schedule.targets.iter_mut().zip(fields().filter(|field| writes.contains(field.slot)))
        {
            target.field = field;
            let inputs = schedule.inputs.get(..schedule.n_inputs).unwrap_or(&[]);
            let of_slot = |slot| inputs.iter().enumerate().filter(move |(_, input)| input.field.slot == slot);
            let [slot1, slot2] = field.slot.others();
            let pairs = of_slot(slot1).flat_map(|first| of_slot(slot2).map(move |second| (first, second)));
            for (term, ((first, input1), (second, input2))) in target.terms.iter_mut().zip(pairs) {
                let bracket = (input1.field.part + input2.field.part + field.part) % 2 == 1;
                *term = Term { first, second, bracket };
                target.n_terms += 1;
            }
            for term in target.terms() {
                for (i, input) in schedule.inputs.iter_mut().enumerate() {
                    let takes_part = i == term.first || i == term.second;
                    input.gradient |= takes_part && term.bracket;
                    input.values |= takes_part && !term.bracket;
                }
            }
            schedule.n_targets += 1;
        }
        schedule.find_last_uses();
        schedule.couple();
        schedule
    }

    #[inline(always)]
    pub(crate) fn inputs(&self) -> &[Input] {
        self.inputs.get(..self.n_inputs).unwrap_or(&[])
    }

    #[inline(always)]
    pub(crate) fn targets(&self) -> &[Target] {
        self.targets.get(..self.n_targets).unwrap_or(&[])
    }

    /// The same terms, those of the same two inputs together.
    #[inline(always)]
    pub(crate) fn couplings(&self) -> &[Coupling] {
        self.couplings.get(..self.n_couplings).unwrap_or(&[])
    }

    /// Finds the targets of a single product after which the values of its first input are not needed any more.
    fn find_last_uses(&mut self) {
        let mut targets = self.targets.get_mut(..self.n_targets).unwrap_or(&mut []);
        while let Some((target, later)) = targets.split_first_mut() {
            if let &[Term { first, bracket: false, .. }] = target.terms() {
                let takes_it = |term: &Term| !term.bracket && (term.first == first || term.second == first);
                target.takes_first = !later.iter().any(|target| target.terms().iter().any(takes_it));
            }
            targets = later;
        }
    }

    /// Collects the terms of the same two inputs: they make one part of a function by their product, the other part by their
    /// bracket.
    fn couple(&mut self) {
        for target in self.targets.iter().take(self.n_targets) {
            let slot = target.field.slot;
            for &Term { first, second, bracket } in target.terms() {
                let (Some(first), Some(second)) = (self.inputs.get(first), self.inputs.get(second)) else {
                    return;
                };
                let (first, second) = (first.field, second.field);
                let known = self.couplings.get(..self.n_couplings).unwrap_or(&[]);
                // All inputs contribute to all targets of a slot.
                let accumulate = known.iter().any(|coupling| coupling.slot == slot);
                let is_same =
                    |known: &Coupling| (known.slot, known.first, known.second) == (slot, first, second);
                let same = known.iter().position(is_same);
                let Some(coupling) = self.couplings.get_mut(same.unwrap_or(self.n_couplings)) else { return };
                if same.is_none() {
                    *coupling = Coupling { slot, first, second, product: None, bracket: None, accumulate };
                    self.n_couplings += 1;
                }
                *(if bracket { &mut coupling.bracket } else { &mut coupling.product }) = Some(target.field);
            }
        }
    }

    /// Everything that comes in or goes out.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        self.inputs().iter().map(|input| input.field).chain(self.targets().iter().map(|target| target.field))
    }
}
