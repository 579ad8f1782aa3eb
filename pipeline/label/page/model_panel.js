// The weights that predict, and their training on the labels.
import { restoreWeights, readInfo, startTraining } from './api.js';
import { confirmWith, fillList, find, onClick } from './dom.js';

const PAUSE_S = { running: 2, idle: 20 };

export class ModelPanel {
  constructor({ fail, weightsChanged }) {
    Object.assign(this, { fail, weightsChanged, info: null, timer: null });
    onClick('train', () => this.train());
    onClick('restore', () => this.restore());
    for (const id of ['train', 'restore']) find(id).disabled = true;
  }

  get isTraining() {
    return /run|train|start|progress/i.test(this.info?.training?.status ?? '');
  }

  async update() {
    clearTimeout(this.timer);
    try {
      this.show(await readInfo());
    } catch (error) {
      find('training').textContent = `No news of the model: ${error.message}`;
    }
    const pause = PAUSE_S[this.isTraining ? 'running' : 'idle'];
    this.timer = setTimeout(() => this.update(), pause * 1000);
  }

  show(info) {
    const before = this.info;
    this.info = info;
    fillList(find('model'), [
      ['Version', info.version],
      ['Weights', String(info.weights ?? '').slice(0, 12)],
      ['Labeled', `${info.labeled} of ${info.total}`],
    ]);
    const { status, epoch, epochs, reason } = info.training ?? {};
    const steps = epochs ? `, epoch ${epoch ?? 0} of ${epochs}` : '';
    const detail = this.isTraining ? steps : reason ? `: ${reason}` : '';
    find('training').textContent = status ? `Training: ${status}${detail}` : '';
    find('train').disabled = this.isTraining || !info.labeled;
    find('train').title = info.labeled ? '' : 'There is no label to train on yet';
    find('restore').disabled = this.isTraining || info.can_restore === false;
    if (before && before.weights !== info.weights) this.weightsChanged();
  }

  async train() {
    const epochs = Number(find('epochs').value);
    if (!find('epochs').checkValidity() || !epochs) {
      this.fail('The number of epochs is not one from 1 to 1000.');
      return;
    }
    await this.ask(() => startTraining(epochs), 'The training did not start');
  }

  async restore() {
    const question = 'Put the previous weights back? Predictions will be theirs; your labels stay.';
    if (!await confirmWith(question, 'Put back')) return;
    await this.ask(restoreWeights, 'The weights are as they were');
  }

  async ask(action, failure) {
    for (const id of ['train', 'restore']) find(id).disabled = true;
    try {
      await action();
    } catch (error) {
      this.fail(`${failure}: ${error.message}`);
    }
    await this.update();
  }
}
