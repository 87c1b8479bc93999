// Players of one passage follow each other: starting one goes on where the other was.
for (const group of document.querySelectorAll(".sounds")) {
  const sounds = [...group.querySelectorAll(".sound")];
  let last = null;
  for (const sound of sounds) {
    const audio = sound.querySelector("audio");
    const head = sound.querySelector(".head");
    const picture = sound.querySelector(".spectrogram");
    const seconds = Number(picture.dataset.seconds);
    const show = () => {
      head.style.left = `${(100 * audio.currentTime) / seconds}%`;
      head.style.opacity = audio.paused && audio.currentTime === 0 ? 0 : 1;
      if (!audio.paused) requestAnimationFrame(show);
    };
    audio.addEventListener("play", () => {
      if (last && last !== audio) {
        last.pause();
        audio.currentTime = last.ended ? 0 : Math.min(last.currentTime, audio.duration || Infinity);
      }
      last = audio;
      show();
    });
    audio.addEventListener("seeked", show);
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const wanted = ((event.clientX - box.left) / box.width) * seconds;
      if (last && last !== audio) last.pause();
      last = audio;
      audio.currentTime = Math.min(wanted, audio.duration || Infinity);
      audio.play();
    });
  }
}
