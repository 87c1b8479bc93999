//! Whether an ogg file is whole (RFC 3533, section 6).

use std::io::{Read, Result, Seek, SeekFrom};

/// The longest page, bytes.
const MOST_PAGE_BYTES: u64 = 27 + 255 + 255 * 255;
/// The bit in a page's header that says it is the last of its stream.
const LAST_PAGE: u8 = 4;

/// Whether a file of so many bytes ends with a page that is whole and the last of its stream.
///
/// # Errors
/// If it cannot be read.
pub(super) fn is_whole(file: &mut (impl Read + Seek), bytes: u64) -> Result<bool> {
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(bytes.saturating_sub(MOST_PAGE_BYTES)))?;
    file.take(MOST_PAGE_BYTES).read_to_end(&mut end)?;
    let last = end.windows(5).rposition(|begin| begin == b"OggS\0");
    Ok(last.is_some_and(|at| is_last_page(&end[at..])))
}

fn is_last_page(page: &[u8]) -> bool {
    let (Some(kind), Some(segments)) = (page.get(5), page.get(26)) else { return false };
    let Some(lengths) = page.get(27..27 + usize::from(*segments)) else { return false };
    let body: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    kind & LAST_PAGE != 0 && page.len() >= 27 + lengths.len() + body
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_last_page_tells() {
        let page = |kind: u8| {
            let mut page = b"OggS\0".to_vec();
            page.push(kind);
            page.resize(26, 0);
            page.extend([2, 255, 3]);
            page.resize(page.len() + 258, 7);
            page
        };
        let whole = |bytes: &[u8]| is_whole(&mut Cursor::new(bytes), bytes.len() as u64).unwrap();
        let file = [page(2), page(0), page(LAST_PAGE)].concat();
        assert!(whole(&file));
        assert!(whole(&[&file[..], b"something behind it"].concat()));
        assert!((1..=287).all(|cut| !whole(&file[..file.len() - cut])));
        assert!(!whole(&vec![7; 100_000]) && !whole(&[]));
    }
}
