//! Zip archives as `torch.save` writes them: members stored as they are.
//!
//! Layout: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory)
//! and 4.3.16 (end of it).

use std::collections::BTreeMap;

use super::shown;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_LENGTH: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
/// A placeholder for a number that is too large for its field and is in the zip64 records instead.
const ELSEWHERE: usize = 0xffff_ffff;

/// The members of an archive by name: slices of the archive itself, so that nothing is unpacked.
pub(super) type Members<'a> = BTreeMap<String, &'a [u8]>;

/// Finds the members.
pub(super) fn members(bytes: &[u8]) -> Result<Members<'_>, String> {
    const TRUNCATED: &str = "a truncated zip archive";
    let tail = bytes.len().saturating_sub(END_LENGTH + LONGEST_COMMENT);
    let end = bytes[tail..].windows(END.len()).rposition(|w| w == END).ok_or(TRUNCATED)?;
    let end = bytes[tail + end..].get(..END_LENGTH).ok_or(TRUNCATED)?;
    let (count, mut at) = (u16_at(end, 10), u32_at(end, 16));
    if at == ELSEWHERE || count == 0xffff {
        return Err("a zip64 archive: too large for a model".into());
    }
    let mut members = Members::new();
    for _ in 0..count {
        let entry = bytes.get(at..at + ENTRY_LENGTH).ok_or(TRUNCATED)?;
        if !entry.starts_with(ENTRY) {
            return Err("a damaged zip archive (its directory breaks off)".into());
        }
        let name_length = u16_at(entry, 28);
        let name = bytes.get(at + ENTRY_LENGTH..).and_then(|b| b.get(..name_length));
        let name = std::str::from_utf8(name.ok_or(TRUNCATED)?)
            .map_err(|_| "a damaged zip archive (a member's name is not text)")?;
        let (flags, method) = (u16_at(entry, 8), u16_at(entry, 10));
        let (packed, size) = (u32_at(entry, 20), u32_at(entry, 24));
        if flags & 1 != 0 {
            return Err(format!("member {} is encrypted", shown(name)));
        }
        if method != 0 || packed != size {
            return Err(format!(
                "member {} is compressed, wanted a file of torch.save, which compresses nothing",
                shown(name)
            ));
        }
        let offset = u32_at(entry, 42);
        if size == ELSEWHERE || offset == ELSEWHERE {
            return Err(format!("member {} is too large for a model", shown(name)));
        }
        let local = bytes.get(offset..offset + LOCAL_LENGTH).ok_or(TRUNCATED)?;
        if !local.starts_with(LOCAL) {
            return Err(format!("a damaged zip archive (no member {} there)", shown(name)));
        }
        let start = offset + LOCAL_LENGTH + u16_at(local, 26) + u16_at(local, 28);
        let data = bytes.get(start..start + size).ok_or(TRUNCATED)?;
        if members.insert(name.to_owned(), data).is_some() {
            return Err(format!("member {} is there twice", shown(name)));
        }
        at += ENTRY_LENGTH + name_length + u16_at(entry, 30) + u16_at(entry, 32);
    }
    Ok(members)
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at]) | usize::from(bytes[at + 1]) << 8
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}
