//! Joins the features of recordings, one after another, into [`Frames`].

use super::frames::{Frames, Remark, Skipped};
use super::stored::Stored;
use crate::analysis::{Features, FeaturesView};
use crate::params::AnalysisParams;
use crate::timbre::Scaler;
use crate::{Params, Result};

/// Frames that grow recording by recording.
pub(super) struct FramesBuilder<'a> {
    params: &'a Params,
    files: Vec<String>,
    file_index: Vec<i32>,
    times_s: Vec<f32>,
    features: Features,
}

impl<'a> FramesBuilder<'a> {
    /// Begins without frames. `params` are the parameters of the analysis.
    pub fn new(params: &'a Params) -> Self {
        Self {
            params,
            files: Vec::new(),
            file_index: Vec::new(),
            times_s: Vec::new(),
            features: no_features(params.analysis()),
        }
    }

    /// Appends a recording that was analysed by itself.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) if its frames have another shape.
    pub fn push(&mut self, file: String, features: &FeaturesView) -> Result<()> {
        self.features.append(features)?;
        let index = self.files.len() as i32;
        self.file_index.resize(self.features.len(), index);
        self.times_s.extend(frame_times(0, features.len(), self.params.analysis()));
        self.files.push(file);
        Ok(())
    }

    /// Frames of recordings that were analysed as one signal. `places` holds, for each frame, the
    /// index of its recording and the time of its centre in that recording, s.
    pub fn of_joined(
        params: &'a Params,
        files: Vec<String>,
        places: impl Iterator<Item = (usize, f64)>,
        features: Features,
    ) -> Self {
        let (file_index, times_s) =
            places.map(|(file, time_s)| (file as i32, time_s as f32)).unzip();
        Self { params, files, file_index, times_s, features }
    }

    /// Completes the frames. Their coefficients are standardised by `scaler`; if it is `None`, a
    /// scaler is fitted to them.
    pub fn finish(
        self,
        skipped: Vec<Skipped>,
        warnings: Vec<Remark>,
        scaler: Option<Scaler>,
    ) -> Frames {
        let scaler = scaler.unwrap_or_else(|| Scaler::fit(&self.features.mfcc));
        Frames {
            params: self.params.clone(),
            files: self.files,
            skipped,
            warnings,
            file_index: Stored::from(self.file_index),
            times_s: Stored::from(self.times_s),
            features: self.features.into(),
            scaler,
        }
    }
}

/// Features of zero frames, with the parameters' numbers of coefficients and bins.
pub(super) fn no_features(analysis: &AnalysisParams) -> Features {
    Features::empty(analysis.n_mfcc, analysis.n_bins)
}

/// Times, s, of the centres of `count` frames from number `first` on, from the start of their
/// recording.
pub(super) fn frame_times(
    first: usize,
    count: usize,
    analysis: &AnalysisParams,
) -> impl Iterator<Item = f32> + use<'_> {
    (first..first + count).map(|frame| frame_time(frame, analysis) as f32)
}

fn frame_time(frame: usize, analysis: &AnalysisParams) -> f64 {
    (frame * analysis.hop_size) as f64 / f64::from(analysis.sample_rate)
}
