// The portal's side of the frame: posts the launch form into it and serves its messages.

import { commandsOf } from './commands.js';
import { readMessage, writeAnswer } from './messages.js';
import { closeSlider } from './slider.js';

const data = JSON.parse(document.getElementById('frame-data').textContent);
const frame = document.getElementById('app-frame');
const commands = commandsOf(data);

window.addEventListener('message', (event) => {
  if (event.origin !== data.appOrigin) {
    return;
  }
  const message = readMessage(event.data);
  if (message === null || message.appSid !== data.appSid) {
    return;
  }
  if (!Object.hasOwn(commands, message.command) || data.denied.includes(message.command)) {
    return;
  }
  commands[message.command](message.params, (result) => {
    if (message.callbackId) {
      frame.contentWindow?.postMessage(writeAnswer(message.callbackId, result), data.appOrigin);
    }
  });
});

window.addEventListener('portal:close-slider', closeSlider);

document.getElementById('launch-form').submit();
