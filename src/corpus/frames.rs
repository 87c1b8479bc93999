//! Frames of one or more recordings.

use super::stored::Stored;
use crate::Params;
use crate::analysis::{Features, FeaturesView};
use crate::timbre::{PITCH_OFFSET, Scaler, log_pitch};
use ndarray::{Array2, Ix1, Ix2, s};
use std::path::PathBuf;

/// The features and spectra of `T` frames of one or more recordings, with the parameters of the
/// analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// The parameters of the analysis.
    pub params: Params,
    /// The recordings' names; `file_index` refers to them.
    pub files: Vec<String>,
    /// Recordings that could not be analysed.
    pub skipped: Vec<Skipped>,
    /// What was wrong with recordings that were analysed, or had to be changed in them.
    pub warnings: Vec<Remark>,
    /// The recording of each frame as an index into `files`, shape `(T,)`.
    pub file_index: Stored<i32, Ix1>,
    /// Time of each frame's centre in its recording, s, shape `(T,)`.
    pub times_s: Stored<f32, Ix1>,
    /// Pitch, voicedness, cepstral coefficients and spectra.
    pub features: StoredFeatures,
    /// Mean and standard deviation of the coefficients over all frames.
    pub scaler: Scaler,
}

/// Features in memory or in a file that is mapped into memory.
pub type StoredFeatures = Features<Stored<f32, Ix1>, Stored<f32, Ix2>>;

impl StoredFeatures {
    /// The arrays, without copying them.
    pub fn view(&self) -> FeaturesView<'_> {
        Features {
            f0_hz: self.f0_hz.view(),
            voicedness: self.voicedness.view(),
            mfcc: self.mfcc.view(),
            spectrum: self.spectrum.view(),
        }
    }
}

impl From<Features> for StoredFeatures {
    fn from(features: Features) -> Self {
        Self {
            f0_hz: features.f0_hz.into(),
            voicedness: features.voicedness.into(),
            mfcc: features.mfcc.into(),
            spectrum: features.spectrum.into(),
        }
    }
}

/// A recording that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Something to know about a recording or a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file or folder.
    pub path: PathBuf,
    /// One line, which names it.
    pub message: String,
}

impl Remark {
    /// Remarks about a recording, of lines that do not name it.
    pub(super) fn about(path: &str, lines: &[String]) -> Vec<Self> {
        let remark = |line| Self { path: path.into(), message: format!("{path}: {line}") };
        lines.iter().map(remark).collect()
    }
}

impl Frames {
    /// Number of frames, `T`.
    pub fn len(&self) -> usize {
        self.features.f0_hz.view().len()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names of the network's inputs, in the order of the columns of [`Frames::inputs`].
    pub fn input_names(&self) -> Vec<String> {
        let analysis = self.params.analysis();
        let mut names: Vec<String> = (0..analysis.n_mfcc).map(|i| format!("mfcc_{i}")).collect();
        names.push("pitch".into());
        if analysis.include_voicedness {
            names.push("voicedness".into());
        }
        names
    }

    /// Inputs of the network, shape `(T, C)`. The columns are the standardised coefficients, the
    /// logarithm of the pitch, and the voicedness if the parameters include it. `wms_torch` calls
    /// this X.
    pub fn inputs(&self) -> Array2<f32> {
        let analysis = self.params.analysis();
        let n_mfcc = analysis.n_mfcc;
        let features = self.features.view();
        let mut inputs = Array2::zeros((self.len(), self.input_names().len()));
        for (frame, mut row) in inputs.rows_mut().into_iter().enumerate() {
            let mut coefficients = row.slice_mut(s![..n_mfcc]);
            self.scaler.apply(&features.mfcc.row(frame), &mut coefficients);
            row[n_mfcc] = log_pitch(features.f0_hz[frame], analysis.f_low_hz, PITCH_OFFSET);
            if analysis.include_voicedness {
                row[n_mfcc + 1] = features.voicedness[frame];
            }
        }
        inputs
    }

    /// Standardised cepstral coefficients, shape `(T, n_mfcc)`.
    pub fn standardised_mfcc(&self) -> Array2<f32> {
        let raw = self.features.mfcc.view();
        let mut standardised = Array2::zeros(raw.dim());
        for (row, mut out) in raw.rows().into_iter().zip(standardised.rows_mut()) {
            self.scaler.apply(&row, &mut out);
        }
        standardised
    }
}
