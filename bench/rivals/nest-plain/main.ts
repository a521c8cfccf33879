/** The endpoint as one would write it in NestJS: a DTO, the global ValidationPipe, JSON in and out. */
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Type } from 'class-transformer';
import { IsArray, IsNumber, IsString, ValidateNested } from 'class-validator';

class ParamDto {
  @IsNumber()
  scale!: number;
}

class ScalarDto {
  @IsString({ each: true })
  headers!: string[];

  @IsArray()
  data!: number[][];
}

class MethodDto {
  @ValidateNested()
  @Type(() => ParamDto)
  param!: ParamDto;

  @ValidateNested()
  @Type(() => ScalarDto)
  scalar!: ScalarDto;
}

@Controller()
class MethodController {
  @Get('health/live')
  live() {
    return { status: 'ok' };
  }

  @Post('method')
  @HttpCode(200)
  sum(@Body() { param, scalar }: MethodDto) {
    const [date, e1, e2] = ['date', 'e1_ts', 'e2_ts'].map((name) => scalar.headers.indexOf(name)) as [
      number,
      number,
      number,
    ];
    const data = scalar.data.map((row) => [row[date], param.scale * ((row[e1] as number) + (row[e2] as number))]);
    return { scalar: { headers: ['date', 'sum_ts'], data }, error: 0, log: '' };
  }
}

@Module({ controllers: [MethodController] })
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false });
app.useBodyParser('json', { limit: '2gb' });
app.useGlobalPipes(new ValidationPipe({ transform: true }));
await app.listen(Number(process.env.PORT), '127.0.0.1');
