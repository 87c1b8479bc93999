//! A reader of pickled state dicts that can make tensors and nothing else.
//!
//! A pickle is a program for a stack machine that may import and call anything. This reader knows
//! the instructions that `torch.save` writes for a dict of tensors (protocol 2, as described in
//! `CPython`'s `pickletools.py`), looks imported names up in a list of four, and calls nothing:
//! everything else is an error.

use std::collections::HashMap;
use std::rc::Rc;

use super::shown;

/// A state dict's pickle is about a kilobyte; the weights lie beside it.
const MAX_BYTES: usize = 1 << 20;
/// Depth of tuples within tuples, at most: a storage's name is at depth 1, in a tensor's arguments at 2.
const MAX_DEPTH: u8 = 4;

/// The kind of number that a storage holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    F64,
}

/// Values that have an archive member to themselves.
#[derive(Debug)]
pub(super) struct Storage {
    pub element: Element,
    /// The last part of the member's name.
    pub key: Rc<str>,
}

/// A tensor: a view of a storage, in elements.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub storage: Rc<Storage>,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Import {
    OrderedDict,
    RebuildTensor,
    Storage(Element),
}

/// A value of the stack machine. Copies share their content and tuples know their depth, so that no
/// pickle can make a value large or deep.
#[derive(Clone, Debug)]
enum Value {
    Nothing,
    Bool,
    Int(i64),
    Text(Rc<str>),
    Import(Import),
    Tuple(Rc<[Value]>, u8),
    /// A dict by its number, because dicts can contain themselves.
    Dict(usize),
    Storage(Rc<Storage>),
    Tensor(Rc<View>),
}

/// The tensors of a pickled state dict by name, in its order.
pub(super) fn state_dict(bytes: &[u8]) -> Result<Vec<(Rc<str>, View)>, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("its pickle of {} bytes is too long for a state dict", bytes.len()));
    }
    let mut machine = Machine { rest: bytes, ..Machine::default() };
    let Value::Dict(number) = machine.run()? else {
        return Err("it holds no dict of tensors".into());
    };
    let entries = std::mem::take(&mut machine.dicts[number]);
    entries
        .into_iter()
        .map(|entry| match entry {
            (Value::Text(name), Value::Tensor(view)) => Ok((name, view.as_ref().clone())),
            (Value::Text(name), _) => {
                Err(format!("entry {} is no tensor, wanted a state dict", shown(&name)))
            }
            _ => Err("an entry's name is not text, wanted a state dict".into()),
        })
        .collect()
}

#[derive(Default)]
struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    dicts: Vec<Vec<(Value, Value)>>,
}

const DAMAGED: &str = "its pickle is damaged";

impl<'a> Machine<'a> {
    /// Runs to the end and returns what is left on the stack.
    fn run(&mut self) -> Result<Value, String> {
        loop {
            let code = self.byte()?;
            match code {
                b'\x80' => match self.byte()? {
                    2 | 3 => {}
                    other => return Err(format!("its pickle has protocol {other}, wanted 2 or 3")),
                },
                b'.' => return self.pop(),
                b'(' => self.marks.push(self.stack.len()),
                b'N' => self.stack.push(Value::Nothing),
                b'\x88' | b'\x89' => self.stack.push(Value::Bool),
                b'K' => {
                    let value = self.byte()?;
                    self.stack.push(Value::Int(value.into()));
                }
                b'M' => {
                    let [a, b] = self.array()?;
                    self.stack.push(Value::Int(u16::from_le_bytes([a, b]).into()));
                }
                b'J' => {
                    let value = i32::from_le_bytes(self.array()?);
                    self.stack.push(Value::Int(value.into()));
                }
                b'X' => {
                    let length = u32::from_le_bytes(self.array()?) as usize;
                    let text = std::str::from_utf8(self.take(length)?).map_err(|_| DAMAGED)?;
                    self.stack.push(Value::Text(text.into()));
                }
                b')' => self.tuple(self.stack.len())?,
                b'\x85'..=b'\x87' => {
                    let count = usize::from(code - b'\x84');
                    let from = self.stack.len().checked_sub(count).ok_or(DAMAGED)?;
                    self.tuple(from)?;
                }
                b't' => {
                    let from = self.mark()?;
                    self.tuple(from)?;
                }
                b'}' => self.dict(),
                b's' => {
                    let from = self.stack.len().checked_sub(2).ok_or(DAMAGED)?;
                    self.fill(from)?;
                }
                b'u' => {
                    let from = self.mark()?;
                    self.fill(from)?;
                }
                b'q' => {
                    let slot = self.byte()?.into();
                    self.remember(slot)?;
                }
                b'r' => {
                    let slot = u32::from_le_bytes(self.array()?);
                    self.remember(slot)?;
                }
                b'h' => {
                    let slot = self.byte()?.into();
                    self.recall(slot)?;
                }
                b'j' => {
                    let slot = u32::from_le_bytes(self.array()?);
                    self.recall(slot)?;
                }
                b'c' => self.import()?,
                b'Q' => self.storage()?,
                b'R' => self.reduce()?,
                b'b' => {
                    // An OrderedDict's attributes, in which torch keeps versions of modules.
                    self.pop()?;
                    if !matches!(self.stack.last(), Some(Value::Dict(_))) {
                        return Err(DAMAGED.into());
                    }
                }
                other => {
                    return Err(format!(
                        "its pickle has an instruction {other:#04x} that no state dict needs"
                    ));
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("its pickle is truncated")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| DAMAGED.into())
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The text up to the end of the line.
    fn line(&mut self) -> Result<&'a str, String> {
        let length = self.rest.iter().position(|&b| b == b'\n').ok_or("its pickle is truncated")?;
        let line = std::str::from_utf8(self.take(length)?).map_err(|_| DAMAGED)?;
        self.take(1)?;
        Ok(line)
    }

    fn pop(&mut self) -> Result<Value, String> {
        self.stack.pop().ok_or_else(|| DAMAGED.into())
    }

    fn mark(&mut self) -> Result<usize, String> {
        let from = self.marks.pop().ok_or(DAMAGED)?;
        if from > self.stack.len() { Err(DAMAGED.into()) } else { Ok(from) }
    }

    fn tuple(&mut self, from: usize) -> Result<(), String> {
        let items: Rc<[Value]> = self.stack.drain(from..).collect();
        let depth = |value: &Value| if let Value::Tuple(_, depth) = value { *depth } else { 0 };
        let depth = 1 + items.iter().map(depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err("its pickle nests deeper than a state dict's".into());
        }
        self.stack.push(Value::Tuple(items, depth));
        Ok(())
    }

    fn dict(&mut self) {
        self.stack.push(Value::Dict(self.dicts.len()));
        self.dicts.push(Vec::new());
    }

    /// Puts the names and values from `from` on into the dict below them.
    fn fill(&mut self, from: usize) -> Result<(), String> {
        let mut items = self.stack.drain(from..);
        let mut entries = Vec::new();
        while let Some(name) = items.next() {
            entries.push((name, items.next().ok_or(DAMAGED)?));
        }
        drop(items);
        let Some(Value::Dict(number)) = self.stack.last() else { return Err(DAMAGED.into()) };
        self.dicts.get_mut(*number).ok_or(DAMAGED)?.extend(entries);
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let value = self.stack.last().ok_or(DAMAGED)?.clone();
        self.memo.insert(slot, value);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), String> {
        let value = self.memo.get(&slot).ok_or(DAMAGED)?.clone();
        self.stack.push(value);
        Ok(())
    }

    fn import(&mut self) -> Result<(), String> {
        let (module, name) = (self.line()?, self.line()?);
        let import = match (module, name) {
            ("collections", "OrderedDict") => Import::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Import::RebuildTensor,
            ("torch", "FloatStorage") => Import::Storage(Element::F32),
            ("torch", "DoubleStorage") => Import::Storage(Element::F64),
            _ => {
                return Err(format!(
                    "it asks for {}.{}, but only float tensors are read and nothing is executed",
                    shown(module),
                    shown(name)
                ));
            }
        };
        self.stack.push(Value::Import(import));
        Ok(())
    }

    /// A storage from its name: ("storage", type, key, device, number of elements).
    fn storage(&mut self) -> Result<(), String> {
        let Value::Tuple(parts, _) = self.pop()? else { return Err(DAMAGED.into()) };
        let [
            Value::Text(word),
            Value::Import(Import::Storage(element)),
            Value::Text(key),
            Value::Text(_),
            Value::Int(_),
        ] = parts.as_ref()
        else {
            return Err(DAMAGED.into());
        };
        if word.as_ref() != "storage" {
            return Err(DAMAGED.into());
        }
        let storage = Storage { element: *element, key: Rc::clone(key) };
        self.stack.push(Value::Storage(Rc::new(storage)));
        Ok(())
    }

    /// The instruction that calls a function: only an empty dict and a tensor can be made with it.
    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        match (callee, arguments) {
            (Value::Import(Import::OrderedDict), Value::Tuple(arguments, _))
                if arguments.is_empty() =>
            {
                self.dict();
            }
            (Value::Import(Import::RebuildTensor), Value::Tuple(arguments, _)) => {
                // storage, offset, shape, stride, and two or three arguments about gradients.
                let [
                    Value::Storage(storage),
                    Value::Int(offset),
                    Value::Tuple(shape, _),
                    Value::Tuple(stride, _),
                    ..,
                ] = arguments.as_ref()
                else {
                    return Err(DAMAGED.into());
                };
                let view = View {
                    storage: Rc::clone(storage),
                    offset: usize::try_from(*offset).map_err(|_| DAMAGED)?,
                    shape: sizes(shape)?,
                    stride: sizes(stride)?,
                };
                self.stack.push(Value::Tensor(Rc::new(view)));
            }
            _ => return Err(DAMAGED.into()),
        }
        Ok(())
    }
}

fn sizes(values: &[Value]) -> Result<Vec<usize>, String> {
    let size = |value: &Value| match value {
        Value::Int(size) => usize::try_from(*size).ok(),
        _ => None,
    };
    values.iter().map(size).collect::<Option<_>>().ok_or_else(|| DAMAGED.into())
}
