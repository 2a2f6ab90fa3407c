export class People {
  constructor(on) { this.on = on; }
  take() {}
  open() {}
}
