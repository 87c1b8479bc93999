//! Frames made of other frames: some of them, or several analyses joined.

use super::frames::{Frames, StoredFeatures};
use super::stored::Stored;
use crate::params::KEYS;
use crate::timbre::Scaler;
use crate::{Error, Params, Result};
use ndarray::{ArrayView2, Axis, Ix1, Ix2, concatenate};

impl Frames {
    /// Checks that all arrays have one length and the widths that the params say, and that
    /// `file_index` refers to `files` and never decreases.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming the first array that does not.
    pub fn check(&self) -> Result<()> {
        let (frames, analysis) = (self.len(), self.params.analysis());
        let features = self.features.view();
        let shapes = [
            ("file_index", self.file_index.view().len(), 1, 1),
            ("times_s", self.times_s.view().len(), 1, 1),
            ("voicedness", features.voicedness.len(), 1, 1),
            ("mfcc", features.mfcc.nrows(), features.mfcc.ncols(), analysis.n_mfcc),
            ("spectrum", features.spectrum.nrows(), features.spectrum.ncols(), analysis.n_bins),
            ("scaler.mean", frames, self.scaler.mean.len(), analysis.n_mfcc),
            ("scaler.scale", frames, self.scaler.scale.len(), analysis.n_mfcc),
        ];
        for (name, rows, columns, wanted) in shapes {
            if (rows, columns) != (frames, wanted) {
                return Err(Error::parameter(format!(
                    "{name} is {rows} by {columns}, wanted {frames} by {wanted}"
                )));
            }
        }
        let count = self.files.len() as i32;
        let mut least = 0;
        for &index in self.file_index.view() {
            if !(least..count).contains(&index) {
                return Err(Error::parameter(format!(
                    "file_index has {index}, wanted {least} to {}, never decreasing",
                    count - 1
                )));
            }
            least = index;
        }
        Ok(())
    }

    /// The frames at `rows`, with the same scaler. Of `files`, those stay that have a frame among
    /// them.
    ///
    /// # Errors
    /// [`Error::Parameter`] if the rows do not ascend or one is beyond the last frame.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        if let Some((before, row)) =
            rows.iter().zip(&rows[1.min(rows.len())..]).find(|(a, b)| a >= b)
        {
            return Err(Error::parameter(format!(
                "frame {row} is to follow frame {before}, wanted frames in their order, each once"
            )));
        }
        if let Some(&last) = rows.last().filter(|&&last| last >= self.len()) {
            return Err(Error::parameter(format!(
                "there is no frame {last}, wanted 0 to {}",
                self.len().saturating_sub(1)
            )));
        }
        let mut files: Vec<String> = Vec::new();
        let mut file_index = Vec::with_capacity(rows.len());
        let mut before = None;
        for &row in rows {
            let index = self.file_index.view()[row];
            if before.replace(index) != Some(index) {
                files.push(self.files[index as usize].clone());
            }
            file_index.push(files.len() as i32 - 1);
        }
        let some = |column: &Stored<f32, Ix1>| column.view().select(Axis(0), rows).into();
        let table = |table: &Stored<f32, Ix2>| table.view().select(Axis(0), rows).into();
        Ok(Self {
            params: self.params.clone(),
            files,
            skipped: self.skipped.clone(),
            warnings: self.warnings.clone(),
            file_index: file_index.into(),
            times_s: some(&self.times_s),
            features: StoredFeatures {
                f0_hz: some(&self.features.f0_hz),
                voicedness: some(&self.features.voicedness),
                mfcc: table(&self.features.mfcc),
                spectrum: table(&self.features.spectrum),
            },
            scaler: self.scaler.clone(),
        })
    }

    /// The frames of several analyses, one after another.
    ///
    /// Where the next frames go on with the recording that the last ones were of, this stays one
    /// recording. The scaler stays if all have the same one, otherwise it is fitted to all frames.
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is nothing to join, or the params of the analysis differ.
    pub fn join(parts: &[&Self]) -> Result<Self> {
        let Some(first) = parts.first() else {
            return Err(Error::parameter("there are no frames to join, wanted at least one"));
        };
        if let Some(key) = parts.iter().find_map(|part| difference(&first.params, &part.params)) {
            let value = |part: &Self| part.params.get(key).cloned().unwrap_or_default();
            let values: Vec<String> = parts.iter().map(|part| value(part).to_string()).collect();
            return Err(Error::parameter(format!(
                "the frames were analysed with {key} {}, wanted frames of one analysis",
                values.join(" and ")
            )));
        }
        let mut files: Vec<String> = Vec::new();
        let (mut file_index, mut times_s) = (Vec::<i32>::new(), Vec::<f32>::new());
        let (mut skipped, mut warnings) = (Vec::new(), Vec::new());
        for part in parts {
            let starts = part.times_s.view().first().copied();
            let goes_on = files.last().is_some_and(|name| part.files.first() == Some(name))
                && times_s.last().copied() < starts;
            let offset = files.len() as i32 - i32::from(goes_on);
            files.extend(part.files.iter().skip(usize::from(goes_on)).cloned());
            file_index.extend(part.file_index.view().iter().map(|index| index + offset));
            times_s.extend(part.times_s.view());
            add_new(&mut skipped, &part.skipped);
            add_new(&mut warnings, &part.warnings);
        }
        let column = |of: fn(&StoredFeatures) -> &Stored<f32, Ix1>| -> Stored<f32, Ix1> {
            let values = parts.iter().flat_map(|part| of(&part.features).view().to_vec());
            values.collect::<Vec<f32>>().into()
        };
        let table = |of: fn(&StoredFeatures) -> &Stored<f32, Ix2>| {
            let views: Vec<ArrayView2<'_, f32>> =
                parts.iter().map(|part| of(&part.features).view()).collect();
            concatenate(Axis(0), &views).map_err(|error| Error::parameter(error.to_string()))
        };
        let mfcc = table(|features| &features.mfcc)?;
        let same = parts.iter().all(|part| part.scaler == first.scaler);
        let scaler = if same { first.scaler.clone() } else { Scaler::fit(&mfcc) };
        Ok(Self {
            params: first.params.clone(),
            files,
            skipped,
            warnings,
            file_index: file_index.into(),
            times_s: times_s.into(),
            features: StoredFeatures {
                f0_hz: column(|features| &features.f0_hz),
                voicedness: column(|features| &features.voicedness),
                mfcc: mfcc.into(),
                spectrum: table(|features| &features.spectrum)?.into(),
            },
            scaler,
        })
    }
}

/// Adds those of `more` that are not in the list yet.
fn add_new<T: Clone + PartialEq>(list: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

/// The first key in which the analyses of two params differ.
fn difference(own: &Params, given: &Params) -> Option<&'static str> {
    if own.analysis() == given.analysis() {
        return None;
    }
    KEYS.iter().map(|key| key.name).find(|&key| {
        let change = given.get(key).map(|value| (key.to_owned(), value.clone()));
        let changed = own.replace(change.into_iter().collect());
        // A value that does not fit the others is another one too.
        changed.map_or(true, |changed| changed.analysis() != own.analysis())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Features;
    use crate::corpus::{Remark, Skipped};
    use ndarray::{Array1, Array2};
    use proptest::prelude::*;

    /// Frames of recordings of these lengths; every value tells its frame.
    fn frames(lengths: &[usize]) -> Frames {
        let params = Params::default();
        let count = lengths.iter().sum();
        let number = |row: usize| row as f32;
        let (n_mfcc, n_bins) = (params.analysis().n_mfcc, params.analysis().n_bins);
        let mfcc = Array2::from_shape_fn((count, n_mfcc), |(row, _)| number(row));
        let files = (0..lengths.len()).map(|file| format!("{file}.wav")).collect();
        let each = || lengths.iter().enumerate().flat_map(|(f, &n)| (0..n).map(move |i| (f, i)));
        Frames {
            scaler: Scaler::fit(&mfcc),
            files,
            warnings: vec![Remark { path: "0.wav".into(), message: "0.wav: cut short".into() }],
            skipped: vec![Skipped { path: "x.wav".into(), reason: "broken".into() }],
            file_index: each().map(|(file, _)| file as i32).collect::<Vec<_>>().into(),
            times_s: each().map(|(_, frame)| number(frame)).collect::<Vec<_>>().into(),
            features: Features {
                f0_hz: Array1::from_shape_fn(count, number),
                voicedness: Array1::from_shape_fn(count, number),
                mfcc,
                spectrum: Array2::from_shape_fn((count, n_bins), |(row, _)| number(row)),
            }
            .into(),
            params,
        }
    }

    proptest! {
        #[test]
        fn parts_joined_are_the_whole(
            lengths in prop::collection::vec(1_usize..6, 1..5),
            cuts in prop::collection::vec(0_usize..20, 0..4),
        ) {
            let whole = frames(&lengths);
            let mut ends = cuts;
            ends.retain(|&end| end < whole.len());
            ends.push(whole.len());
            ends.sort_unstable();
            let mut start = 0;
            let mut parts = Vec::new();
            for end in ends {
                parts.push(whole.select(&(start..end).collect::<Vec<_>>()).unwrap());
                parts.last().unwrap().check().unwrap();
                start = end;
            }
            let joined = Frames::join(&parts.iter().collect::<Vec<_>>()).unwrap();
            prop_assert_eq!(joined, whole);
        }

        #[test]
        fn selected_frames_keep_what_they_were(
            lengths in prop::collection::vec(1_usize..6, 1..5),
            chosen in prop::collection::btree_set(0_usize..20, 0..8),
        ) {
            let whole = frames(&lengths);
            let rows: Vec<usize> = chosen.into_iter().filter(|&row| row < whole.len()).collect();
            let some = whole.select(&rows).unwrap();
            some.check().unwrap();
            prop_assert_eq!(some.len(), rows.len());
            for (at, &row) in rows.iter().enumerate() {
                prop_assert_eq!(some.features.f0_hz.view()[at], row as f32);
                let name = |of: &Frames, at: usize| of.files[of.file_index.view()[at] as usize].clone();
                prop_assert_eq!(name(&some, at), name(&whole, row));
            }
        }
    }

    #[test]
    fn recordings_of_one_name_stay_two_and_are_standardised_together() {
        let one = frames(&[3]);
        let other = one.select(&[0, 1]).unwrap();
        let refitted = Frames { scaler: Scaler::fit(&other.features.mfcc.view()), ..other };
        let joined = Frames::join(&[&one, &refitted]).unwrap();
        assert_eq!(joined.file_index.view().to_vec(), [0, 0, 0, 1, 1]);
        assert_eq!(joined.files, ["0.wav", "0.wav"]);
        assert_eq!(joined.scaler, Scaler::fit(&joined.features.mfcc.view()));
        assert_eq!((joined.skipped.len(), joined.warnings.len()), (1, 1));
    }

    #[test]
    fn what_cannot_be_selected_or_joined_is_said() {
        let one = frames(&[3]);
        let message = |result: Result<Frames>| result.unwrap_err().to_string();
        assert!(message(one.select(&[1, 0])).contains("frame 0 is to follow frame 1"));
        assert!(message(one.select(&[3])).contains("no frame 3, wanted 0 to 2"));
        assert!(message(Frames::join(&[])).contains("no frames to join"));
        let hop = serde_json::json!(128);
        let params =
            Params::default().replace([("hop_size".to_owned(), hop)].into_iter().collect());
        let other = Frames { params: params.unwrap(), ..frames(&[3]) };
        assert!(message(Frames::join(&[&one, &other])).contains("hop_size 256 and 128"));
    }

    #[test]
    fn arrays_that_do_not_fit_are_named() {
        let wrong = |change: fn(&mut Frames)| {
            let mut frames = frames(&[2, 2]);
            change(&mut frames);
            frames.check().unwrap_err().to_string()
        };
        assert!(wrong(|f| f.times_s = vec![0.0].into()).contains("times_s is 1 by 1, wanted 4"));
        assert!(wrong(|f| f.scaler.mean.truncate(1)).contains("scaler.mean"));
        assert!(wrong(|f| f.file_index = vec![0, 1, 0, 1].into()).contains("file_index has 0"));
        assert!(wrong(|f| f.file_index = vec![0, 0, 1, 2].into()).contains("file_index has 2"));
    }
}
