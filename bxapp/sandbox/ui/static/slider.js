// The portal's slider: a page of the portal over the page, and the one who hears of its closing.

const dialog = document.getElementById('slider');
const frame = document.getElementById('slider-frame');

/** Opens `address` (a path of the portal) and calls `onClose` once, when the slider is closed. */
export function openSlider(address, onClose, { title = '', width = 0 } = {}) {
  frame.src = address;
  dialog.setAttribute('aria-label', title || 'Slider');
  dialog.style.width = width > 0 ? `${width}px` : '';
  dialog.addEventListener(
    'close',
    () => {
      frame.src = 'about:blank';
      onClose();
    },
    { once: true },
  );
  dialog.showModal();
}

/** Closes the open slider; its `onClose` is called. */
export function closeSlider() {
  dialog.close();
}
