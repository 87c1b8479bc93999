//! The results of the analysis, frame by frame.

use super::pitch::PitchTrack;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix1, Ix2, s};
use std::ops::Range;

/// Features and spectra of `T` frames, in order of time.
///
/// The arrays are owned (the default), borrowed ([`FeaturesView`]), or mapped from a file
/// ([`StoredFeatures`](crate::corpus::StoredFeatures)).
#[derive(Clone, Debug, PartialEq)]
pub struct Features<Column = Array1<f32>, Table = Array2<f32>> {
    /// Fundamental frequency, Hz, shape `(T,)`. In an unvoiced frame it is a guess.
    pub f0_hz: Column,
    /// Probability that the frame has a pitch, 0 to 1, shape `(T,)`.
    pub voicedness: Column,
    /// Mel-frequency cepstral coefficients (MFCC), not standardised, shape `(T, n_mfcc)`.
    pub mfcc: Table,
    /// `log(1 + magnitude)` of the cycle frames, shape `(T, n_bins)`.
    pub spectrum: Table,
}

/// Features whose arrays are borrowed.
pub type FeaturesView<'a> = Features<ArrayView1<'a, f32>, ArrayView2<'a, f32>>;

impl Features {
    /// Features of frames whose pitch was tracked and then described.
    pub(crate) fn new(track: PitchTrack, mfcc: Array2<f32>, spectrum: Array2<f32>) -> Self {
        let PitchTrack { f0_hz, voicedness } = track;
        Self { f0_hz: f0_hz.into(), voicedness: voicedness.into(), mfcc, spectrum }
    }

    /// Features of zero frames, to which frames with `n_mfcc` coefficients and `n_bins` spectrum
    /// bins can be appended.
    pub fn empty(n_mfcc: usize, n_bins: usize) -> Self {
        Self {
            f0_hz: Array1::zeros(0),
            voicedness: Array1::zeros(0),
            mfcc: Array2::zeros((0, n_mfcc)),
            spectrum: Array2::zeros((0, n_bins)),
        }
    }

    /// Appends copies of other frames.
    ///
    /// # Errors
    /// [`Error::Parameter`] if their numbers of coefficients or bins differ from these.
    pub fn append(&mut self, frames: &FeaturesView) -> Result<()> {
        let widths =
            |mfcc: ArrayView2<f32>, spectrum: ArrayView2<f32>| (mfcc.ncols(), spectrum.ncols());
        let wanted = widths(self.mfcc.view(), self.spectrum.view());
        let given = widths(frames.mfcc, frames.spectrum);
        let misfit = || {
            Error::Parameter(format!(
                "frames of {} coefficients and {} bins, wanted {} and {} like the frames before",
                given.0, given.1, wanted.0, wanted.1
            ))
        };
        if given != wanted {
            return Err(misfit());
        }
        let axis = Axis(0);
        self.f0_hz
            .append(axis, frames.f0_hz)
            .and_then(|()| self.voicedness.append(axis, frames.voicedness))
            .and_then(|()| self.mfcc.append(axis, frames.mfcc))
            .and_then(|()| self.spectrum.append(axis, frames.spectrum))
            .map_err(|_| misfit())
    }
}

impl<S: Data<Elem = f32>> Features<ArrayBase<S, Ix1>, ArrayBase<S, Ix2>> {
    /// Number of frames, `T`.
    pub fn len(&self) -> usize {
        self.f0_hz.len()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All frames, without copying them.
    pub fn view(&self) -> FeaturesView<'_> {
        self.rows(0..self.len())
    }

    /// The frames with the indices `rows`, without copying them.
    ///
    /// # Panics
    /// If `rows` reaches beyond the last frame.
    pub fn rows(&self, rows: Range<usize>) -> FeaturesView<'_> {
        Features {
            f0_hz: self.f0_hz.slice(s![rows.clone()]),
            voicedness: self.voicedness.slice(s![rows.clone()]),
            mfcc: self.mfcc.slice(s![rows.clone(), ..]),
            spectrum: self.spectrum.slice(s![rows, ..]),
        }
    }
}

/// Shapes row-major `values` into a table with rows of `width` values.
pub(crate) fn table(values: Vec<f32>, width: usize) -> Array2<f32> {
    let rows = values.len() / width;
    Array2::from_shape_vec((rows, width), values).expect("the values make whole rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(frames: usize) -> Features {
        Features {
            f0_hz: Array1::from_shape_fn(frames, |t| t as f32),
            voicedness: Array1::from_elem(frames, 0.5),
            mfcc: Array2::from_shape_fn((frames, 3), |(t, i)| (10 * t + i) as f32),
            spectrum: Array2::from_shape_fn((frames, 2), |(t, k)| (100 * t + k) as f32),
        }
    }

    #[test]
    fn parts_join_to_the_whole() {
        let whole = counted(7);
        let mut joined = Features::empty(3, 2);
        for rows in [0..3, 3..3, 3..7] {
            joined.append(&whole.rows(rows)).unwrap();
        }
        assert_eq!(joined, whole);
    }

    #[test]
    fn frames_of_another_shape_are_refused() {
        let mut features = Features::empty(3, 4);
        let error = features.append(&counted(2).view()).unwrap_err().to_string();
        assert!(error.contains("2 bins, wanted 3 and 4"), "{error}");
        assert!(features.is_empty());
    }
}
