//! Frames of one or more recordings.

use super::column::Column;
use crate::Params;
use crate::analysis::SignalFeatures;
use crate::timbre::{PITCH_OFFSET, Scaler, log_pitch};
use std::path::PathBuf;

/// The features and spectra of `T` frames, row-major, with the parameters that made them.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    /// The parameters of the analysis.
    pub params: Params,
    /// The recordings' names, in the order of `file_index`.
    pub files: Vec<String>,
    /// Recordings that could not be analysed.
    pub skipped: Vec<Skipped>,
    /// The recording of each frame, shape `(T,)`.
    pub file_index: Column<i32>,
    /// Time of each frame's centre in its recording, s, shape `(T,)`.
    pub times_s: Column<f32>,
    /// Fundamentals, voicedness, coefficients and spectra.
    pub features: Features,
    /// Standardisation of the coefficients over all frames.
    pub scaler: Scaler,
}

/// What the analysis found in `T` frames, as [`SignalFeatures`]; possibly in a mapped file.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Fundamental frequency, Hz, shape `(T,)`.
    pub f0_hz: Column<f32>,
    /// Voicedness, 0 to 1, shape `(T,)`.
    pub voicedness: Column<f32>,
    /// Cepstral coefficients, not standardised, shape `(T, n_mfcc)`.
    pub mfcc: Column<f32>,
    /// `log(1 + magnitude)`, shape `(T, n_bins)`.
    pub spectrum: Column<f32>,
}

impl From<SignalFeatures> for Features {
    fn from(features: SignalFeatures) -> Self {
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

impl Frames {
    /// Number of frames.
    pub fn len(&self) -> usize {
        self.features.f0_hz.len()
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Inputs of the network, in order.
    pub fn input_names(&self) -> Vec<String> {
        let analysis = self.params.analysis();
        let mut names: Vec<String> = (0..analysis.n_mfcc).map(|i| format!("mfcc_{i}")).collect();
        names.push("pitch".into());
        if analysis.include_voicedness {
            names.push("voicedness".into());
        }
        names
    }

    /// `wms_torch`'s X: standardised coefficients, log pitch, voicedness if it is included; shape
    /// `(T, C)`.
    pub fn inputs(&self) -> Vec<f32> {
        let analysis = self.params.analysis();
        let (n_mfcc, width) = (analysis.n_mfcc, self.input_names().len());
        let mut inputs = vec![0.0; self.len() * width];
        let rows = inputs.chunks_exact_mut(width).zip(self.features.mfcc.chunks_exact(n_mfcc));
        for (index, (row, mfcc)) in rows.enumerate() {
            self.scaler.apply(mfcc, &mut row[..n_mfcc]);
            row[n_mfcc] = log_pitch(self.features.f0_hz[index], analysis.f_low_hz, PITCH_OFFSET);
            if analysis.include_voicedness {
                row[n_mfcc + 1] = self.features.voicedness[index];
            }
        }
        inputs
    }
}
