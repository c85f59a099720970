// The portal's dialog for choosing employees.

const dialog = document.getElementById('people');
const list = dialog.querySelector('ul');
const confirmation = dialog.querySelector('[data-several]');

function choice(person, several) {
  const item = document.createElement('li');
  if (several) {
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.value = person.id;
    label.append(box, ` ${person.name}`);
    item.append(label);
  } else {
    const button = document.createElement('button');
    button.value = person.id;
    button.textContent = person.name;
    item.append(button);
  }
  return item;
}

/**
 * Lets the user choose among `people`; `onChoice` gets one of them, or a list when `several`.
 * Nothing is called when the dialog is closed without a choice, as in the portal.
 */
export function choosePeople(people, several, onChoice) {
  list.replaceChildren(...people.map((person) => choice(person, several)));
  confirmation.hidden = !several;
  dialog.returnValue = '';
  dialog.addEventListener(
    'close',
    () => {
      if (!dialog.returnValue) {
        return;
      }
      if (several) {
        const chosen = new Set([...list.querySelectorAll(':checked')].map((box) => box.value));
        onChoice(people.filter((person) => chosen.has(person.id)));
      } else {
        onChoice(people.find((person) => person.id === dialog.returnValue));
      }
    },
    { once: true },
  );
  dialog.showModal();
}
