//! Reads the first frame of an XYZ or extended XYZ file, in memory proportional to its atoms.
//!
//! XYZ: a line with the number of atoms, a comment, one line `species x y z` per atom. Extended XYZ: the comment holds
//! `key=value` pairs, of which `Properties` (the columns), `Lattice` (three cell vectors) and `pbc` matter here.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read};

/// Longer lines are refused, so that a file of another kind cannot fill the memory.
const MAX_LINE_LEN: usize = 1 << 20;
/// Coordinates beyond this (in Å, 1 mm) are refused: differences of them would have lost their digits.
const MAX_COORDINATE: f64 = 1e7;
/// No crystal repeats after less (in Å); the number of periodic images within the cutoff stays bounded.
const MIN_CELL_HEIGHT: f64 = 0.5;
/// Number of the first atom's line.
const FIRST_ATOM_LINE: usize = 3;

/// The atoms of one frame.
#[derive(Debug)]
pub(crate) struct Structure {
    /// The second line.
    pub(crate) comment: String,
    /// The species in order of first appearance.
    pub(crate) species: Vec<String>,
    /// For every atom the index of its species.
    pub(crate) species_of: Vec<usize>,
    /// In Å.
    pub(crate) positions: Vec<[f64; 3]>,
    /// The periodic cell, if there is one.
    pub(crate) cell: Option<Cell>,
    /// Whether further frames follow, which are not read.
    pub(crate) has_more_frames: bool,
}

impl Structure {
    /// The line on which an atom stands.
    pub(crate) fn line_of(atom: usize) -> usize {
        FIRST_ATOM_LINE + atom
    }
}

/// A cell that repeats in at least one direction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The three cell vectors, linearly independent.
    pub(crate) vectors: [[f64; 3]; 3],
    /// Along which of them it repeats.
    pub(crate) is_periodic: [bool; 3],
}

/// Why a file cannot be used.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The operating system's reason.
    Io(io::Error),
    /// What is wrong with the text.
    Format { line: usize, expected: String, found: String },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Format { line, expected, found } => {
                write!(f, "line {line}: expected {expected}, found {found}")
            }
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the first frame.
pub(crate) fn read(reader: impl BufRead) -> Result<Structure, ReadError> {
    let mut lines = Lines::new(reader);
    let n_atoms = match lines.require(|| "the number of atoms".to_owned())?.parse::<usize>() {
        Ok(n_atoms) if n_atoms > 0 => n_atoms,
        _ => return Err(lines.error("the number of atoms, a positive integer", quote(&lines.line))),
    };
    let comment = lines.require(|| "a comment (may be blank)".to_owned())?.to_owned();
    let columns = Columns::parse(&comment).map_err(|fault| lines.fault(fault))?;
    let cell = parse_cell(&comment).map_err(|fault| lines.fault(fault))?;

    // The count is only a claim: memory grows with the lines that are there.
    let mut positions = Vec::new();
    let mut species = Vec::new();
    let mut species_of = Vec::new();
    let mut index_of_species = HashMap::new();
    for atom in 1..=n_atoms {
        lines.require(|| format!("atom {atom} of the {n_atoms} that line 1 announces"))?;
        let (label, position) = columns.parse_atom(&lines.line).map_err(|fault| lines.fault(fault))?;
        let index = index_of_species.get(label).copied().unwrap_or_else(|| {
            index_of_species.insert(label.to_owned(), species.len());
            species.push(label.to_owned());
            species.len() - 1
        });
        species_of.push(index);
        positions.push(position);
    }
    let has_more_frames = read_end(&mut lines, n_atoms)?;
    Ok(Structure { comment, species, species_of, positions, cell, has_more_frames })
}

/// After the last atom: blank lines and the end of the file, or the next frame's number of atoms.
fn read_end(lines: &mut Lines<impl BufRead>, n_atoms: usize) -> Result<bool, ReadError> {
    while lines.advance()? {
        if lines.line.parse::<usize>().is_ok() {
            return Ok(true);
        }
        if !lines.line.is_empty() {
            let expected = format!(
                "the end of the file or another frame after the {n_atoms} atoms that line 1 announces"
            );
            return Err(lines.error(expected, quote(&lines.line)));
        }
    }
    Ok(false)
}

/// What is wrong with a line whose number the caller knows.
#[derive(Debug)]
struct Fault {
    expected: String,
    found: String,
}

impl Fault {
    fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// Lines with their numbers, of bounded length.
struct Lines<R> {
    reader: R,
    /// Of the line last read.
    number: usize,
    bytes: Vec<u8>,
    /// The line last read, without its end.
    line: String,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self { reader, number: 0, bytes: Vec::new(), line: String::new() }
    }

    fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> ReadError {
        ReadError::Format { line: self.number, expected: expected.into(), found: found.into() }
    }

    fn fault(&self, fault: Fault) -> ReadError {
        self.error(fault.expected, fault.found)
    }

    /// Reads the next line; false at the end of the file.
    fn advance(&mut self) -> Result<bool, ReadError> {
        self.number += 1;
        self.bytes.clear();
        self.line.clear();
        self.reader.by_ref().take(MAX_LINE_LEN as u64 + 1).read_until(b'\n', &mut self.bytes)?;
        if self.bytes.len() > MAX_LINE_LEN {
            return Err(self.error("a text file", format!("a line of more than {MAX_LINE_LEN} bytes")));
        }
        match str::from_utf8(&self.bytes) {
            // Some editors put a byte-order mark before the first line.
            Ok(line) => self.line.push_str(line.trim_start_matches('\u{feff}').trim()),
            Err(_) => return Err(self.error("a text file", "bytes that are not UTF-8 text")),
        }
        Ok(!self.bytes.is_empty())
    }

    /// Reads the next line; `expected` tells what is missing if there is none.
    fn require(&mut self, expected: impl FnOnce() -> String) -> Result<&str, ReadError> {
        if self.advance()? { Ok(&self.line) } else { Err(self.error(expected(), "the end of the file")) }
    }
}

/// Where the species and the coordinates stand in an atom's line.
#[derive(Debug, PartialEq)]
struct Columns {
    species: usize,
    /// Of x; y and z follow.
    position: usize,
    /// Number of columns that `Properties` announces; without it more than four are allowed and ignored.
    announced: Option<usize>,
}

impl Columns {
    /// The columns that a comment announces.
    fn parse(comment: &str) -> Result<Self, Fault> {
        const EXPECTED: &str = "Properties to be name:type:count triples such as `species:S:1:pos:R:3`";
        let Some(properties) = value_of(comment, "Properties")? else {
            return Ok(Self { species: 0, position: 1, announced: None });
        };
        let fields: Vec<&str> = properties.split(':').collect();
        let (mut species, mut number, mut position, mut n_columns) = (None, None, None, 0_usize);
        for triple in fields.chunks(3) {
            let &[name, kind, count] = triple else {
                return Err(Fault::new(EXPECTED, quote(properties)));
            };
            let count = match count.parse::<usize>() {
                Ok(count) if (1..=MAX_LINE_LEN).contains(&count) => count,
                _ => return Err(Fault::new(EXPECTED, format!("count {}", quote(count)))),
            };
            match (name, kind, count) {
                ("species", "S", 1) => species = Some(n_columns),
                ("Z", "I", 1) => number = Some(n_columns),
                ("pos", "R", 3) => position = Some(n_columns),
                _ => {}
            }
            n_columns = n_columns.saturating_add(count);
        }
        match (species.or(number), position) {
            (Some(species), Some(position)) => Ok(Self { species, position, announced: Some(n_columns) }),
            (None, _) => Err(Fault::new("Properties to name `species:S:1` or `Z:I:1`", quote(properties))),
            (_, None) => Err(Fault::new("Properties to name `pos:R:3`", quote(properties))),
        }
    }

    /// The species and position of an atom's line.
    fn parse_atom<'a>(&self, line: &'a str) -> Result<(&'a str, [f64; 3]), Fault> {
        let mut label = None;
        let mut position = [f64::NAN; 3];
        let mut n_columns = 0;
        for (column, word) in line.split_whitespace().enumerate() {
            n_columns = column + 1;
            if column == self.species {
                label = Some(word);
            } else if let Some(axis) = column.checked_sub(self.position)
                && let Some(coordinate) = position.get_mut(axis)
            {
                let name = ["x", "y", "z"].get(axis).unwrap_or(&"");
                match word.parse::<f64>() {
                    Ok(value) if value.abs() <= MAX_COORDINATE => *coordinate = value,
                    _ => {
                        let expected =
                            format!("{name} in column {n_columns}, a number within ±{MAX_COORDINATE:.0e} Å");
                        return Err(Fault::new(expected, quote(word)));
                    }
                }
            }
        }
        let needed = self.announced.unwrap_or(4);
        match label {
            Some(label) if n_columns == needed || n_columns > needed && self.announced.is_none() => {
                Ok((label, position))
            }
            _ => {
                let expected = if self.announced.is_some() {
                    format!("the {needed} columns that Properties announces")
                } else {
                    "`species x y z`".to_owned()
                };
                let found = if n_columns == 0 {
                    "a blank line".to_owned()
                } else {
                    format!("{n_columns} in {}", quote(line))
                };
                Err(Fault::new(expected, found))
            }
        }
    }
}

/// The cell of a comment, if it repeats in any direction.
fn parse_cell(comment: &str) -> Result<Option<Cell>, Fault> {
    let Some(lattice) = value_of(comment, "Lattice")? else {
        return Ok(None);
    };
    let numbers: Vec<f64> = lattice.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[ax, ay, az, bx, by, bz, cx, cy, cz] = numbers.as_slice() else {
        return Err(Fault::new(
            "Lattice to be 9 numbers, three cell vectors one after the other",
            quote(lattice),
        ));
    };
    if numbers.iter().any(|x| x.is_nan() || x.abs() > MAX_COORDINATE)
        || lattice.split_whitespace().count() != 9
    {
        return Err(Fault::new(
            format!("Lattice to be 9 numbers within ±{MAX_COORDINATE:.0e} Å"),
            quote(lattice),
        ));
    }
    let mut is_periodic = [true; 3];
    if let Some(pbc) = value_of(comment, "pbc")? {
        let flags: Vec<&str> = pbc.split_whitespace().collect();
        let expected = "pbc to be three flags such as `T T F`";
        if flags.len() != 3 {
            return Err(Fault::new(expected, quote(pbc)));
        }
        for (flag, word) in is_periodic.iter_mut().zip(flags) {
            *flag = match word {
                "T" | "t" | "True" | "true" | "1" => true,
                "F" | "f" | "False" | "false" | "0" => false,
                _ => return Err(Fault::new(expected, quote(pbc))),
            };
        }
    }
    if is_periodic == [false; 3] {
        return Ok(None);
    }
    let mut cell = Cell { vectors: [[ax, ay, az], [bx, by, bz], [cx, cy, cz]], is_periodic };
    cell.complete();
    let flat = cell.heights().into_iter().find(|height| height.is_nan() || *height < MIN_CELL_HEIGHT);
    match flat {
        None => Ok(Some(cell)),
        Some(height) => Err(Fault::new(
            format!("a Lattice whose faces are at least {MIN_CELL_HEIGHT} Å apart"),
            format!("{height:.3} Å in {}", quote(lattice)),
        )),
    }
}

impl Cell {
    /// Gives directions that do not repeat and were written as zero (slabs, wires) a vector across the others.
    fn complete(&mut self) {
        for axis in 0..3 {
            if self.is_periodic[axis] || dot(self.vectors[axis], self.vectors[axis]) > 0.0 {
                continue;
            }
            let [first, second] = [self.vectors[(axis + 1) % 3], self.vectors[(axis + 2) % 3]];
            let across = if dot(second, second) > 0.0 && dot(first, first) > 0.0 {
                cross(first, second)
            } else {
                // One vector is known: any direction but its own will do, best one that it has least of.
                let known = [0, 1, 2].map(|i| if dot(first, first) > 0.0 { first[i] } else { second[i] });
                let least = (0..3).min_by(|i, j| known[*i].abs().total_cmp(&known[*j].abs())).unwrap_or(0);
                cross(known, [0, 1, 2].map(|i| if i == least { 1.0 } else { 0.0 }))
            };
            let length = dot(across, across).sqrt();
            self.vectors[axis] = across.map(|x| x / length);
        }
    }

    /// The vectors dual to the cell's: scalar products with them are fractional coordinates.
    pub(crate) fn dual(&self) -> [[f64; 3]; 3] {
        let [a, b, c] = self.vectors;
        let volume = dot(a, cross(b, c));
        [cross(b, c), cross(c, a), cross(a, b)].map(|face| face.map(|x| x / volume))
    }

    /// Distances of opposite faces; not a number if the vectors are linearly dependent.
    pub(crate) fn heights(&self) -> [f64; 3] {
        self.dual().map(|dual| 1.0 / dot(dual, dual).sqrt())
    }
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The value of a key in an extended XYZ comment: a bare word or text in quotes. Free text is no error.
fn value_of<'a>(comment: &'a str, key: &str) -> Result<Option<&'a str>, Fault> {
    let mut rest = comment.trim_start();
    while !rest.is_empty() {
        let name_len = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_len);
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after.trim_start();
            continue;
        };
        let value = value.trim_start();
        let is_wanted = name.eq_ignore_ascii_case(key);
        let (text, after) = match value.chars().next() {
            Some(quotation_mark @ ('"' | '\'')) => {
                let inner = &value[1..];
                match inner.split_once(quotation_mark) {
                    Some(parts) => parts,
                    None if is_wanted => {
                        return Err(Fault::new(format!("{key} to end with {quotation_mark}"), quote(value)));
                    }
                    None => (inner, ""),
                }
            }
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if is_wanted {
            return Ok(Some(text));
        }
        rest = after.trim_start();
    }
    Ok(None)
}

/// Foreign text for a message: in quotes, escaped, shortened.
pub(crate) fn quote(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: impl AsRef<[u8]>) -> String {
        match read(text.as_ref()) {
            Ok(structure) => panic!("accepted: {structure:?}"),
            Err(error) => error.to_string(),
        }
    }

    fn structure(text: &str) -> Structure {
        read(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[test]
    fn plain_xyz_is_read() {
        let water = structure("3\nwater, a = 1\nO 0 0 0.1\nH 0.7 0 -5e-1 extra\r\n H\t-0.7 0 -0.5");
        assert_eq!(water.species, ["O", "H"]);
        assert_eq!(water.species_of, [0, 1, 1]);
        assert_eq!(water.positions, [[0.0, 0.0, 0.1], [0.7, 0.0, -0.5], [-0.7, 0.0, -0.5]]);
        assert_eq!(water.comment, "water, a = 1");
        assert!(water.cell.is_none() && !water.has_more_frames);
        assert!(structure("\u{feff}1\n\nH 0 0 0\n\n\n").cell.is_none());
    }

    #[test]
    fn columns_come_from_properties() {
        let text =
            "1\nenergy = -3.5 Properties=Z:I:1:forces:R:3:pos:R:3:tag:I:1 note='x = y'\n8 9 9 9 1 2 3 0\n";
        let read = structure(text);
        assert_eq!((read.species[0].as_str(), read.positions[0]), ("8", [1.0, 2.0, 3.0]));
        let text = "1\nProperties=pos:R:3:species:S:1:Z:I:1\n1 2 3 O 8\n";
        assert_eq!(structure(text).species, ["O"]);
    }

    #[test]
    fn the_cell_comes_from_lattice_and_pbc() {
        let frame = |comment: &str| format!("1\n{comment}\nH 0 0 0\n");
        let cell = structure(&frame("Lattice=\"4 0 0 1 5 0 0 0 6\"")).cell.unwrap();
        assert_eq!(cell.vectors, [[4.0, 0.0, 0.0], [1.0, 5.0, 0.0], [0.0, 0.0, 6.0]]);
        assert_eq!(cell.is_periodic, [true; 3]);
        let cell = structure(&frame("lattice='4 0 0 0 5 0 0 0 6' pbc=\"T F 1\"")).cell.unwrap();
        assert_eq!(cell.is_periodic, [true, false, true]);
        assert!(structure(&frame("Lattice=\"0 0 0 0 0 0 0 0 0\" pbc=\"F F F\"")).cell.is_none());
        // A slab and a wire whose open directions are zero.
        for (comment, heights) in [
            ("Lattice=\"4 0 0 3 5 0 0 0 0\" pbc=\"T T F\"", [3.43, 5.0, 1.0]),
            ("Lattice=\"0 0 0 0 6 0 0 0 0\" pbc=\"F T F\"", [1.0, 6.0, 1.0]),
        ] {
            let cell = structure(&frame(comment)).cell.unwrap();
            assert!(
                cell.heights().iter().zip(heights).all(|(a, b)| (a - b).abs() < 0.01),
                "{:?}",
                cell.heights()
            );
        }
        // Free text is not a key.
        assert!(structure(&frame("Lattice constants were not measured, note=\"half")).cell.is_none());
        for (comment, expected) in [
            ("Lattice=\"1 2 3\"", "9 numbers"),
            ("Lattice=\"4 0 0 0 4 0 0 0 inf\"", "9 numbers within"),
            ("Lattice=\"4 0 0 0 4 0 0 0 4 x\"", "9 numbers within"),
            ("Lattice=\"4 0 0 0 4 0 4 4 0\"", "at least 0.5 Å apart"),
            ("Lattice=\"4 0 0 0 4 0 0 0 4", "Lattice to end with \""),
            ("Lattice=\"4 0 0 0 4 0 0 0 4\" pbc=\"T T\"", "three flags"),
            ("Lattice=\"4 0 0 0 4 0 0 0 4\" pbc=\"T T maybe\"", "three flags"),
        ] {
            let message = message(frame(comment));
            assert!(message.starts_with("line 2: ") && message.contains(expected), "{comment}: {message}");
        }
    }

    #[test]
    fn further_frames_are_noticed() {
        assert!(structure("1\n\nH 0 0 0\n1\n\nH 0 0 0\n").has_more_frames);
        assert!(structure("1\n\nH 0 0 0\n\n7\n").has_more_frames);
    }

    #[test]
    fn faults_name_their_line_and_what_was_expected() {
        for (text, expected) in [
            ("", "line 1: expected the number of atoms, found the end of the file"),
            ("two\n\n", "line 1: expected the number of atoms, a positive integer, found \"two\""),
            ("-1\n\n", "line 1: expected the number of atoms, a positive integer, found \"-1\""),
            ("0\n\n", "line 1: expected the number of atoms, a positive integer, found \"0\""),
            ("1.5\n\n", "line 1: expected the number of atoms, a positive integer, found \"1.5\""),
            ("2\n", "line 2: expected a comment (may be blank), found the end of the file"),
            (
                "2\n\nH 0 0 0\n",
                "line 4: expected atom 2 of the 2 that line 1 announces, found the end of the file",
            ),
            (
                "18446744073709551615\n\nH 0 0 0\n",
                "line 4: expected atom 2 of the 18446744073709551615 that line 1 announces, found the end of the file",
            ),
            ("1\n\nH 0 0\n", "line 3: expected `species x y z`, found 3 in \"H 0 0\""),
            ("2\n\nH 0 0 0\n\n", "line 4: expected `species x y z`, found a blank line"),
            ("1\n\nH 0 zero 0\n", "line 3: expected y in column 3, a number within ±1e7 Å, found \"zero\""),
            ("1\n\nH 0 0 nan\n", "line 3: expected z in column 4, a number within ±1e7 Å, found \"nan\""),
            ("1\n\nH -inf 0 0\n", "line 3: expected x in column 2, a number within ±1e7 Å, found \"-inf\""),
            ("1\n\nH 0 0 1e300\n", "line 3: expected z in column 4, a number within ±1e7 Å, found \"1e300\""),
            (
                "1\n\nH 0 0 0\nO 1 1 1\n",
                "line 4: expected the end of the file or another frame after the 1 atoms that line 1 announces, \
                 found \"O 1 1 1\"",
            ),
            (
                "1\nProperties=species:S:1:pos:R:3:q:R:1\nH 0 0 0\n",
                "line 3: expected the 5 columns that Properties announces, found 4 in \"H 0 0 0\"",
            ),
            (
                "1\nProperties=species:S:1:pos:R:3\nH 0 0 0 9\n",
                "line 3: expected the 4 columns that Properties announces, found 5 in \"H 0 0 0 9\"",
            ),
            (
                "1\nProperties=species:S:1:pos:R\nH 0 0 0\n",
                "line 2: expected Properties to be name:type:count triples such as `species:S:1:pos:R:3`, \
                 found \"species:S:1:pos:R\"",
            ),
            (
                "1\nProperties=species:S:1:pos:R:x\nH 0 0 0\n",
                "line 2: expected Properties to be name:type:count triples such as `species:S:1:pos:R:3`, \
                 found count \"x\"",
            ),
            (
                "1\nProperties=species:S:1\nH 0 0 0\n",
                "line 2: expected Properties to name `pos:R:3`, found \"species:S:1\"",
            ),
            (
                "1\nProperties=pos:R:3\nH 0 0 0\n",
                "line 2: expected Properties to name `species:S:1` or `Z:I:1`, found \"pos:R:3\"",
            ),
        ] {
            assert_eq!(message(text), expected, "{text:?}");
        }
    }

    #[test]
    fn other_kinds_of_file_are_refused() {
        assert_eq!(
            message(b"\xff\xfe\0\0"),
            "line 1: expected a text file, found bytes that are not UTF-8 text"
        );
        assert_eq!(
            message(vec![b'1'; 3 * MAX_LINE_LEN]),
            "line 1: expected a text file, found a line of more than 1048576 bytes"
        );
        let long = "9".repeat(200);
        assert!(message(&long).ends_with(&format!("found \"{}\"…", &long[..60])));
        assert!(message("\x1b[31m\n").ends_with(r#"found "\u{1b}[31m""#)); // no control sequences into the terminal
    }

    #[test]
    fn the_shipped_molecule_has_the_bonds_of_acetamide() {
        let acetamide = structure(crate::ACETAMIDE);
        let bond = |i: usize, j: usize| {
            let (a, b) = (acetamide.positions[i], acetamide.positions[j]);
            let difference = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
            dot(difference, difference).sqrt()
        };
        assert_eq!(
            acetamide.species_of.iter().map(|s| acetamide.species[*s].as_str()).collect::<String>(),
            "OCNCHHHHH"
        );
        // The usual lengths of such bonds; a slipped digit would show.
        let skeleton = [(0, 1, 1.23), (1, 2, 1.37), (1, 3, 1.51)];
        let hydrogens = [(2, 4, 1.01), (2, 8, 1.01), (3, 5, 1.09), (3, 6, 1.09), (3, 7, 1.09)];
        for (i, j, length) in skeleton.into_iter().chain(hydrogens) {
            assert!((bond(i, j) - length).abs() < 0.01, "{i}–{j}: {}", bond(i, j));
        }
    }
}
