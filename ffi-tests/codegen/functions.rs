//! The functions of a static library, disassembled.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolKind};

/// A function and what it calls.
pub(crate) struct Function {
    /// As in the source, with type arguments.
    pub(crate) name: String,
    /// Addresses are relative to the function.
    pub(crate) instructions: Vec<Instruction>,
    /// Calls and jumps out of the function: the instruction and the name of its target.
    pub(crate) calls: Vec<(Instruction, String)>,
}

/// The functions of the library's own objects in an archive, which also holds the compiler's run-time library.
pub(crate) fn read(archive: &Path) -> Result<Vec<Function>, String> {
    let bytes = std::fs::read(archive).map_err(|error| format!("{}: {error}", archive.display()))?;
    let of_archive = |error: object::Error| format!("{}: {error}", archive.display());
    let mut functions = Vec::new();
    for member in ArchiveFile::parse(&*bytes).map_err(of_archive)?.members() {
        let member = member.map_err(of_archive)?;
        if member.name().starts_with(b"gaunt.") {
            let object = object::File::parse(member.data(&*bytes).map_err(of_archive)?);
            functions.extend(disassemble(&object.map_err(of_archive)?).map_err(of_archive)?);
        }
    }
    Ok(functions)
}

fn disassemble(object: &object::File) -> object::Result<Vec<Function>> {
    let names = Names::new(object);
    let mut functions = Vec::new();
    for symbol in object.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0) {
        let Some(index) = symbol.section_index() else { continue };
        let section = object.section_by_index(index)?;
        let start = symbol.address();
        let Some(code) = section.data_range(start, symbol.size())? else { continue };
        // By their place in the function.
        let targets: BTreeMap<u64, String> = section
            .relocations()
            .filter(|(place, _)| (start..start + symbol.size()).contains(place))
            .map(|(place, relocation)| (place - start, names.target(object, &relocation)))
            .collect();
        let instructions: Vec<_> = Decoder::with_ip(64, code, 0, DecoderOptions::NONE).into_iter().collect();
        let mut calls = Vec::new();
        let mut pointers = HashMap::new(); // registers with the address of a function that is called several times
        for instruction in &instructions {
            let register = instruction.op0_register().full_register();
            let target = targets.range(instruction.ip()..instruction.next_ip()).next().map(|(_, name)| name);
            if let Some(callee) = callee(instruction, target.or_else(|| pointers.get(&register).copied())) {
                calls.push((*instruction, callee));
            } else if let (Mnemonic::Mov, Some(name)) = (instruction.mnemonic(), target) {
                pointers.insert(register, name);
            } else {
                pointers.remove(&register);
            }
        }
        functions.push(Function { name: demangled(symbol.name()?), instructions, calls });
    }
    Ok(functions)
}

/// The name of what an instruction calls or jumps to, if that is another function. `target`: what the linker is to fill in.
pub(crate) fn callee(instruction: &Instruction, target: Option<&String>) -> Option<String> {
    match instruction.flow_control() {
        FlowControl::Call | FlowControl::IndirectCall => {
            Some(target.cloned().unwrap_or_else(|| "a function pointer".into()))
        }
        FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => target.cloned(),
        // Otherwise the jump of a `match`, by a table.
        FlowControl::IndirectBranch if instruction.is_ip_rel_memory_operand() => target.cloned(),
        _ => None,
    }
}

/// A name as in the source, without the hashes of crates.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Function names by place.
struct Names(HashMap<(SectionIndex, u64), String>);

impl Names {
    fn new(object: &object::File) -> Self {
        let texts = object.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let names = texts.filter_map(|symbol| {
            Some(((symbol.section_index()?, symbol.address()), demangled(symbol.name().ok()?)))
        });
        Self(names.collect())
    }

    /// What a relocation refers to; local functions are referred to by their sections.
    fn target(&self, object: &object::File, relocation: &object::Relocation) -> String {
        let RelocationTarget::Symbol(index) = relocation.target() else { return "(no symbol)".into() };
        let Ok(symbol) = object.symbol_by_index(index) else { return "(no symbol)".into() };
        // Relative to the end of the instruction, which is where the four bytes to be filled in end.
        let address = symbol.address().wrapping_add_signed(relocation.addend() + 4);
        let by_place = symbol.section_index().and_then(|section| self.0.get(&(section, address)));
        by_place.cloned().unwrap_or_else(|| demangled(symbol.name().unwrap_or("(no name)")))
    }
}
