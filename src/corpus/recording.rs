//! The analysis of one recording, passage by passage.

use super::passages::{Layout, Passage, Passages, Source};
use crate::Result;
use crate::analysis::pitch::{PitchTrack, PitchTracker, first_pitch, hold_pitch, tracker};
use crate::analysis::{SignalFeatures, Watch, describe};
use crate::params::AnalysisParams;
use rayon::prelude::*;

/// Analyses a recording and hands its frames to `sink`, in order; returns its number of samples at
/// the parameters' rate.
///
/// `at_once` passages are worked on and in memory together: it decides speed and memory, not the
/// result. `open` gives the recording from its beginning each time.
///
/// # Errors
/// Those of `open` and `sink`; [`Error::Parameter`](crate::Error::Parameter) if the parameters cannot be worked with or the
/// recording is empty; [`Error::Interrupted`](crate::Error::Interrupted) if `watch` was stopped.
pub(super) fn analyze_recording<'a>(
    open: &(dyn Fn() -> Result<Source<'a>> + Sync),
    params: &AnalysisParams,
    at_once: usize,
    watch: &Watch,
    sink: &mut (dyn FnMut(&SignalFeatures) -> Result<()> + Send),
) -> Result<usize> {
    let (layout, tracker) = (Layout::of(params), tracker(params));
    let mut passages = Passages::new(open()?, layout);
    let mut held: Option<f32> = None;
    // Frames before the first pitch take that pitch: they have to wait for it.
    let mut waiting: Vec<PitchTrack> = Vec::new();
    let mut group = passages.several(at_once)?;
    while !group.is_empty() {
        let (tracks, next) = rayon::join(
            || {
                group
                    .par_iter()
                    .map(|passage| track(passage, &*tracker, watch))
                    .collect::<Result<Vec<_>>>()
            },
            || passages.several(at_once),
        );
        let mut tracks = tracks?;
        held = held.or_else(|| tracks.iter().find_map(|track| first_pitch(&track.f0_hz)));
        if let Some(held) = &mut held {
            if !waiting.is_empty() {
                let mut from_the_start = Passages::new(open()?, layout);
                for mut track in waiting.drain(..) {
                    hold_pitch(&mut track.f0_hz, held);
                    describe_again(&mut from_the_start, track, params, watch, sink)?;
                }
            }
            for track in &mut tracks {
                hold_pitch(&mut track.f0_hz, held);
            }
            let described: Result<Vec<SignalFeatures>> = group
                .par_iter()
                .zip(tracks)
                .map(|(passage, track)| features(passage, track, params, watch))
                .collect();
            for features in described? {
                sink(&features)?;
            }
        } else {
            waiting.extend(tracks);
        }
        group = next?;
    }
    if !waiting.is_empty() {
        // No frame has a pitch.
        let mut from_the_start = Passages::new(open()?, layout);
        for track in waiting {
            describe_again(&mut from_the_start, track, params, watch, sink)?;
        }
    }
    Ok(passages.samples())
}

/// Pitch of a passage's frames; 0 Hz where there is none.
fn track(passage: &Passage, tracker: &dyn PitchTracker, watch: &Watch) -> Result<PitchTrack> {
    watch.check()?;
    let mut track = tracker.track(&passage.samples, passage.first, watch)?;
    for values in [&mut track.f0_hz, &mut track.voicedness] {
        values.truncate(passage.lead + passage.frames);
        values.drain(..passage.lead);
    }
    Ok(track)
}

fn features(
    passage: &Passage,
    track: PitchTrack,
    params: &AnalysisParams,
    watch: &Watch,
) -> Result<SignalFeatures> {
    let PitchTrack { f0_hz, voicedness } = track;
    let (mfcc, spectrum) = describe(&passage.samples, passage.lead, &f0_hz, params, watch)?;
    watch.advance_bytes(passage.bytes);
    Ok(SignalFeatures { f0_hz, voicedness, mfcc, spectrum })
}

/// Describes the next passage of a recording that is read a second time.
fn describe_again(
    passages: &mut Passages,
    track: PitchTrack,
    params: &AnalysisParams,
    watch: &Watch,
    sink: &mut (dyn FnMut(&SignalFeatures) -> Result<()> + Send),
) -> Result<()> {
    let passage = passages.again(track.f0_hz.len())?;
    sink(&features(&passage, track, params, watch)?)
}
