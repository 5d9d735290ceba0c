//! What differs between operations: how to describe one, what it computes.

use gaunt::PlanDesc;

use crate::config::Degrees;
use crate::target::Form::{Bracket, Product};
use crate::target::Target;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The Gaunt tensor product.
    Product,
    /// The bracket `r̂·(∇f × ∇g)`.
    Bracket,
    /// Both of them, of operands with a natural part only.
    ProductAndBracket,
    /// The gradients of the product with respect to both operands.
    ProductVjp,
    /// Likewise of the bracket.
    BracketVjp,
}

impl Operation {
    pub(crate) fn describe(self, degrees: Degrees) -> PlanDesc {
        let [l1, l2, l3] = degrees.0;
        match self {
            Self::Product | Self::ProductVjp => PlanDesc::product(l1, l2, l3),
            Self::Bracket | Self::BracketVjp => PlanDesc::bracket(l1, l2, l3),
            Self::ProductAndBracket => PlanDesc::product_and_bracket(l1, l2, l3),
        }
    }

    /// Whether a cotangent comes in and gradients go out.
    pub(crate) const fn is_vjp(self) -> bool {
        matches!(self, Self::ProductVjp | Self::BracketVjp)
    }

    /// What goes out; the parts of one function in the order of its array.
    pub(crate) const fn targets(self) -> &'static [Target] {
        match self {
            Self::Product => &[Target { form: Product, slot: 2 }],
            Self::Bracket => &[Target { form: Bracket, slot: 2 }],
            Self::ProductAndBracket => {
                &[Target { form: Product, slot: 2 }, Target { form: Bracket, slot: 2 }]
            }
            Self::ProductVjp => &[Target { form: Product, slot: 0 }, Target { form: Product, slot: 1 }],
            Self::BracketVjp => &[Target { form: Bracket, slot: 0 }, Target { form: Bracket, slot: 1 }],
        }
    }
}
