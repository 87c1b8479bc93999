//! Pitches of YIN at the time of their frames.
//!
//! YIN compares the first half of a frame with what comes a period later. What it finds is the
//! pitch half a period after the first quarter of the frame: in a vibrato of 1024-sample frames at
//! 16 kHz, 13 to 15 ms before the frame's middle.

use super::YinSettings;

/// Larger steps between frames, as a ratio, are other notes or errors: nothing lies between them.
const GLIDE: f32 = 1.06;

/// The signal a quarter of a frame earlier, of the same length.
pub(super) fn advanced(signal: &[f32], settings: &YinSettings) -> Vec<f32> {
    let quarter = (settings.frame_length / 4).min(signal.len());
    let mut advanced = signal[quarter..].to_vec();
    advanced.resize(signal.len(), 0.0);
    advanced
}

/// Moves pitches in Hz, (T,), which are then half a period early, to their frames' middles, along
/// the line between the logarithms of neighbours.
pub(super) fn settle(f0_hz: &mut [f32], settings: &YinSettings) {
    let hop_s = settings.hop_length as f64 / settings.sample_rate;
    let mut before = f0_hz.first().copied().unwrap_or_default();
    for f0 in f0_hz {
        let found = *f0;
        if found > 0.0 && before > 0.0 && (1.0 / GLIDE..GLIDE).contains(&(found / before)) {
            let part = (0.5 / f64::from(found) / hop_s).min(1.0) as f32;
            *f0 = found * (before / found).powf(part);
        }
        before = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Watch;
    use crate::analysis::pitch::{pyin, yin};

    #[test]
    fn a_vibrato_is_followed_without_delay() {
        let rate = 16_000.0;
        let settings = YinSettings {
            fmin_hz: 46.0,
            fmax_hz: 1600.0,
            sample_rate: rate,
            frame_length: 1024,
            hop_length: 256,
        };
        let tau = std::f64::consts::TAU;
        for centre_hz in [150.0, 440.0] {
            let pitch = |t: f64| centre_hz * (1.0 + 0.02 * (tau * 4.0 * t).sin());
            let mut turn = 0.0;
            let signal: Vec<f32> = (0..48_000)
                .map(|n| {
                    turn += pitch(f64::from(n) / rate) / rate;
                    (1..6).map(|k| (tau * f64::from(k) * turn).sin() / f64::from(k)).sum::<f64>()
                        as f32
                })
                .collect();
            let ahead = advanced(&signal, &settings);
            let watch = Watch::default();
            let plain = yin(&ahead, &settings, &watch).unwrap();
            let tracked = pyin(&ahead, &settings, &watch).unwrap().f0_hz;
            // pYIN's steps of ten cents leave noise of their own.
            for (found, limit_ms) in [(plain, 0.3), (tracked, 1.0)] {
                let mut found: Vec<f32> = found.into_iter().map(|f0| f0 as f32).collect();
                settle(&mut found, &settings);
                // Vibrato's phase over two whole seconds, 125 frames.
                let (mut a, mut b) = (0.0, 0.0);
                for (i, f0) in found.iter().enumerate().skip(31).take(125) {
                    let angle = tau * 4.0 * i as f64 * 256.0 / rate;
                    a += f64::from(*f0) * angle.sin();
                    b -= f64::from(*f0) * angle.cos();
                }
                let delay_ms = b.atan2(a) / (tau * 4.0) * 1e3;
                assert!(delay_ms.abs() < limit_ms, "{centre_hz} Hz: {delay_ms} ms");
            }
        }
    }

    #[test]
    fn leaps_and_gaps_stay_as_they_are() {
        let settings = YinSettings {
            fmin_hz: 46.0,
            fmax_hz: 1600.0,
            sample_rate: 16_000.0,
            frame_length: 1024,
            hop_length: 256,
        };
        let mut f0_hz = [100.0, 200.0, 0.0, 300.0, 300.0, 303.0];
        settle(&mut f0_hz, &settings);
        assert_eq!(f0_hz[..5], [100.0, 200.0, 0.0, 300.0, 300.0]);
        assert!(f0_hz[5] > 302.5 && f0_hz[5] < 303.0);
        settle(&mut [], &settings);
        assert!(advanced(&[], &settings).is_empty());
        assert_eq!(advanced(&[1.0; 300], &settings)[43..45], [1.0, 0.0]);
    }
}
